package cloister.enclave;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import cloister.protocol.SignedDocument;
import cloister.room.Name;
import java.util.Collection;

/// What the documents of one participant may come to. All participants' together fit into one
/// `status`, which everybody must be able to read.
record DocumentShare(int documents, int bytes) {
  static DocumentShare among(int participants) {
    return new DocumentShare(
        Limits.DOCUMENTS_OF_ALL / participants, Limits.DOCUMENT_BYTES_OF_ALL / participants);
  }

  /// @throws CloisterException TOO_LARGE, when these are more
  void require(Name party, Collection<SignedDocument> held) {
    long size = held.stream().mapToLong(document -> document.canonical().size()).sum();
    if (held.size() > documents || size > bytes) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          party
              + " would have "
              + held.size()
              + " documents of "
              + size
              + " bytes together; the share of each participant is "
              + documents
              + " documents of "
              + bytes
              + " bytes");
    }
  }
}
