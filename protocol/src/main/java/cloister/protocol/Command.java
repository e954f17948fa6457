package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a participant may ask of the enclave, inside a session (docs/protocol.md §4).
public sealed interface Command {
  /// Opens a collaboration, or amends it by its next version; counts as the proposer's signature.
  record Propose(SignedDocument document) implements Command {}

  /// Signs the version of the collaboration that is proposed.
  record Sign(Digest document, Bytes signature) implements Command {}

  /// Asks for a certificate on a PKCS#10 request.
  record Enrol(Bytes certificateRequest) implements Command {}

  /// Makes signed datasets and analyses the current ones of their addresses.
  record Apply(List<SignedDocument> documents) implements Command {
    public Apply {
      documents = List.copyOf(documents);
    }
  }

  record Status() implements Command {}

  /// Opens or resumes an upload; see docs/protocol.md §7.
  ///
  /// @param upload 32 hexadecimal digits that the client draws
  /// @param parts sealed bytes of each part
  /// @param badRows how many bad rows the owner accepts to have left out
  record OpenUpload(
      String upload,
      Address dataset,
      Digest document,
      Digest schema,
      List<Long> parts,
      Bytes wrappedKey,
      long badRows)
      implements Command {
    public OpenUpload {
      parts = List.copyOf(parts);
    }
  }

  record CommitUpload(String upload) implements Command {}

  /// What a run would be: decided, priced, not executed.
  record Explain(RunRequest request) implements Command {}

  record Run(RunRequest request) implements Command {}

  /// The caller's sealed answer, and the receipt, of a run whose recipient it is.
  record Result(String run) implements Command {}

  /// The runs the caller asked for, receives, or lends data to.
  record Runs() implements Command {}

  record Budget() implements Command {}

  record Suspend() implements Command {}

  /// Lifts the caller's own suspension.
  record Resume() implements Command {}

  /// A run to decide or execute.
  ///
  /// @param purpose absent means the analysis's own
  /// @param recipients absent means the analysis's own
  record RunRequest(Subject subject, Optional<Purpose> purpose, Optional<Set<Name>> recipients) {
    public RunRequest {
      recipients = recipients.map(Set::copyOf);
    }
  }

  /// What is to be run.
  sealed interface Subject {
    /// A signed analysis of the collaboration.
    record Named(Address analysis) implements Subject {}

    /// An analysis that is part of the signed request and is stored nowhere else: its canonical
    /// JSON.
    record AdHoc(Bytes document) implements Subject {}
  }
}
