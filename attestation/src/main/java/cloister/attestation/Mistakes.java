package cloister.attestation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The mistakes of one document, collected so that whoever wrote it reads all that one reading can
/// find.
final class Mistakes {
  private final List<EvidenceException> found = new ArrayList<>();

  /// Reads a part of a document.
  interface Reading<T> {
    T read() throws EvidenceException;
  }

  void add(EvidenceException mistake) {
    found.add(mistake);
  }

  /// @return absent if the part could not be read; then its mistake is noted
  /// @throws EvidenceException if it is about no member of the document
  <T> Optional<T> attempt(Reading<T> reading) throws EvidenceException {
    try {
      return Optional.of(reading.read());
    } catch (EvidenceException e) {
      if (e.mistakes().isEmpty()) {
        throw e;
      }
      add(e);
      return Optional.empty();
    }
  }

  /// @throws EvidenceException with all of them, if there are any
  void refuse() throws EvidenceException {
    if (!found.isEmpty()) {
      throw EvidenceException.of(found);
    }
  }
}
