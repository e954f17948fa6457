package cloister.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// Every way in which Cloister says no. Names are stable: programs match on [#label], people read
/// the meaning and what to do, and `docs/errors.md` is generated from here.
public enum ErrorCode {
  // What people write.
  DOCUMENT_INVALID(
      Kind.USER,
      "A document has mistakes; each is listed with file, line and column.",
      "Correct each line that is named and run the command again; nothing was changed."),
  DOCUMENT_UNKNOWN(
      Kind.USER,
      "The collaboration holds no document of that address or digest.",
      "Check the address with `cloister status`; its owner must apply and sign it first."),
  DOCUMENT_CONFLICT(
      Kind.USER,
      "A document of that address and version is already there with another content.",
      "Raise `version` in the YAML to the number that the message names, and sign again."),
  PURPOSE_UNKNOWN(
      Kind.USER,
      "The purpose is no term of the Data Privacy Vocabulary, or the collaboration does not list it.",
      "Use one of the collaboration's purposes or a narrower one."),
  QUERY_REJECTED(
      Kind.USER,
      "The SQL cannot be planned, or uses something outside the supported language.",
      "Change the place that the message names; docs/terms.md lists what SQL may say."),
  PARAMETER_INVALID(
      Kind.USER,
      "A parameter or command-line argument is missing, out of range or of the wrong type.",
      "Compare the parameter that is named with `--help`."),
  MESSAGE_MALFORMED(
      Kind.USER,
      "Bytes do not have the form that the protocol prescribes.",
      "Use a client of the same protocol version; if the file was copied, copy it again."),
  VERSION_UNSUPPORTED(
      Kind.USER,
      "A file or message has a format version that this program does not know.",
      "Use a Cloister release that knows that version."),
  FILE_UNREADABLE(
      Kind.USER,
      "A local file is missing, unreadable, or not of the expected format.",
      "Check the path, the permissions and the format of the file that is named."),
  HOME_INVALID(
      Kind.USER,
      "The home folder holds no keys, or holds those of something else.",
      "Run `cloister init`, or choose the right folder with `--home`."),

  // Data on its way in.
  DATA_MISSING(
      Kind.USER,
      "A dataset that the run reads has no published version.",
      "Its owner publishes one with `cloister publish`."),
  DATA_EXPIRED(
      Kind.USER,
      "The retention of a dataset that the run reads has passed.",
      "Its owner publishes a fresh version: the one that expired is deleted, and longer terms do not bring it back."),
  DATA_REPLACED(
      Kind.USER,
      "The source file changed while it was being sealed, or the version is no longer the current one.",
      "Publish again from a file that nothing writes to."),
  DATA_MALFORMED(
      Kind.USER,
      "The data file cannot be read as CSV, Parquet or JSON.",
      "Check the format and the encoding (UTF-8) of the file."),
  DATA_UNPREPARED(
      Kind.RESOURCE,
      "The enclave lost its engine while it prepared the data; the data is not at fault.",
      "Publish the same file again: what was uploaded is kept. If it repeats, the operator looks at the machine's memory and storage."),
  DATA_SCHEMA_MISMATCH(
      Kind.USER,
      "The columns of the data are not those that the dataset declares.",
      "Compare the header of the file with the dataset's `columns`."),
  DATA_BAD_ROWS(
      Kind.USER,
      "Too many rows break the declared schema; count and row numbers are told to the owner only.",
      "Correct the rows that are named and publish again; the earlier version stays in use."),
  SEALED_DATA_CORRUPT(
      Kind.REFUSED,
      "Sealed data was altered, cut, reordered or mixed from several files.",
      "Seal and upload the data again; if it repeats, the storage or the network alters it."),
  SEALED_FOR_ANOTHER(
      Kind.REFUSED,
      "Sealed data names another dataset, version, schema, terms or enclave than this one.",
      "Run `cloister publish` again: it seals for the present document and enclave."),
  UPLOAD_OUT_OF_ORDER(
      Kind.USER,
      "A part of an upload does not start where the last one ended.",
      "Run `cloister publish` again: it goes on where the enclave is."),
  UPLOAD_UNKNOWN(
      Kind.USER,
      "There is no such upload; it was never begun, or it was abandoned.",
      "Run `cloister publish` again: it seals and sends the file anew."),

  // The state of the collaboration.
  COLLABORATION_UNKNOWN(
      Kind.USER,
      "This enclave hosts no collaboration of that name.",
      "Name one that your home has signed; if it has, check the address of the server."),
  COLLABORATION_NOT_ACTIVE(
      Kind.REFUSED,
      "Not every participant has signed the collaboration; those missing are named.",
      "The participants named run `cloister sign` on the same digest."),
  COLLABORATION_SUSPENDED(
      Kind.REFUSED,
      "A participant has suspended the collaboration.",
      "Talk to the participant named; only they can resume it."),
  COLLABORATION_MISMATCH(
      Kind.REFUSED,
      "The document or request names another collaboration, or another digest of this one.",
      "Have the present YAML file sent to you, read what changed, and run `cloister sign` on it."),

  // Who is asking.
  NOT_A_PARTICIPANT(
      Kind.REFUSED,
      "The collaboration names no participant with that name or key.",
      "Use the key whose thumbprint the collaboration names, or have an amendment signed."),
  NOT_ENROLLED(
      Kind.REFUSED,
      "The participant has no certificate of this collaboration yet.",
      "Run the command again once all have signed: it gets the certificate by itself."),
  CERTIFICATE_INVALID(
      Kind.REFUSED,
      "The certificate was not issued by this collaboration's authority for that key.",
      "Run the command again with the home folder that signed; a certificate made elsewhere is never accepted."),
  CERTIFICATE_EXPIRED(
      Kind.REFUSED,
      "The certificate is not valid at this time.",
      "Check the clock of this machine and run the command again: it renews the certificate by itself."),
  POSSESSION_UNPROVEN(
      Kind.REFUSED,
      "A certificate request is not signed by the key that it names.",
      "Use the home folder that `cloister init` made for this participant."),
  SIGNATURE_INVALID(
      Kind.REFUSED,
      "A signature does not verify under the participant's key.",
      "Check that the home folder belongs to that participant; something on the way may alter messages."),
  NOT_THE_OWNER(
      Kind.REFUSED,
      "Only the owner of a document or dataset may do that.",
      "Ask the owner named in the address."),

  // The enclave and the channel to it.
  EVIDENCE_REFUSED(
      Kind.REFUSED,
      "The enclave's evidence does not meet the collaboration's requirements.",
      "Do not send it anything. Compare the measurement with the one that all participants signed; a policy of your own that refuses goes with `cloister policy drop NAME`."),
  EVIDENCE_SIMULATED(
      Kind.REFUSED,
      "The enclave is simulated: it protects nothing.",
      "Use a real one, or, for trying out only, repeat the command with --accept-simulated."),
  POLICY_UNKNOWN(
      Kind.USER,
      "The collaboration demands evidence under a policy that this home does not hold.",
      "Put the policy's file into a folder `policies` beside the collaboration's file and sign it again, or `cloister policy add FILE`."),
  COLLATERAL_INVALID(
      Kind.USER,
      "Collateral, which evidence is verified with, cannot be read.",
      "Fetch it again with `cloister collateral fetch`, or import another bundle."),
  COLLATERAL_UNREACHABLE(
      Kind.RESOURCE,
      "A vendor's service did not give the collateral that evidence is verified with.",
      "Try again later, name a mirror, or import a bundle that was fetched elsewhere."),
  TEE_UNAVAILABLE(
      Kind.RESOURCE,
      "The TEE that the enclave was told to use gives no evidence, or no key to seal its state with.",
      "The operator does what the message says; nothing takes its place."),
  SESSION_UNKNOWN(
      Kind.USER,
      "The enclave knows no such session; it may have restarted.",
      "Run the command again: it opens a new session."),
  SESSION_EXPIRED(
      Kind.USER,
      "The session, or the request in it, is past its time.",
      "Check the clock of this machine, then run the command again."),
  REPLAY_REFUSED(
      Kind.REFUSED,
      "A message repeats or overtakes another one of its session.",
      "Run the command again; if it repeats, something on the way replays or reorders messages."),
  MESSAGE_UNSEALABLE(
      Kind.REFUSED,
      "A message cannot be opened: it was altered, cut, or sealed to another key.",
      "Run the command again; if it repeats, something on the way alters messages."),

  // Runs.
  RUN_DENIED(
      Kind.REFUSED,
      "No rule of some dataset's or analysis's terms permits the run; it is named.",
      "Run `cloister explain`: it shows the path and the nearest request that would pass."),
  APPROVAL_REQUIRED(
      Kind.REFUSED,
      "The terms ask for approval of exactly this digest by those named.",
      "Those named add the digest to the `analyses` of a rule and apply their terms; then run again."),
  BUDGET_EXHAUSTED(
      Kind.REFUSED,
      "The remaining privacy budget of a dataset does not pay for the run; nothing was charged.",
      "Repeat an earlier question (that is free), or ask the owner named to sign a larger budget or a smaller epsilon per run."),
  DIFFERENCE_REFUSED(
      Kind.REFUSED,
      "Without noise: a number of the answer differs from one that was released before by what fewer units contribute than a dataset's minimum; the earlier run is named, nothing was released.",
      "Ask for what was answered before, or for something that more units tell apart from it; terms with differential privacy permit both."),
  RUN_UNKNOWN(
      Kind.USER,
      "There is no such run, or its answer is not for you.",
      "List your runs with `cloister status`."),
  RESULT_NOT_FOR_YOU(
      Kind.REFUSED,
      "The answer is sealed to other recipients.",
      "Run it with yourself among the recipients (`--to`), if every owner's terms permit that."),
  RUN_FAILED(
      Kind.INTERNAL,
      "The run could not be completed after its budget was reserved; the reservation stays charged.",
      "Run the same again: the same question over the same data is charged once only."),

  // Resources.
  TOO_LARGE(
      Kind.RESOURCE,
      "A message, document, upload or result is larger than its limit.",
      "Make it smaller; the limit is in the message."),
  TOO_BUSY(
      Kind.RESOURCE,
      "The enclave serves as many requests or runs as it is allowed to.",
      "Wait a little and try again; nothing was charged."),
  TIME_LIMIT(
      Kind.RESOURCE,
      "A run, or the preparation of an upload, took longer than its limit; the message says whether a run was charged.",
      "Read less data or simplify the analysis; an upload can be committed again at no cost."),
  MEMORY_LIMIT(
      Kind.RESOURCE,
      "A run, or the preparation of an upload, needs more memory than there is for it; the message says whether a run was charged.",
      "Read less data, simplify the analysis, or try again when others are done: what is refused before it begins costs nothing."),
  GROUP_LIMIT(
      Kind.RESOURCE,
      "The answer has more groups than its limit; the reservation stays charged.",
      "Group by fewer or coarser columns."),
  STORAGE_FULL(
      Kind.RESOURCE,
      "The enclave's storage is full; what was acknowledged is safe.",
      "The operator adds storage; then try again."),
  SERVER_UNREACHABLE(
      Kind.RESOURCE,
      "The server does not answer, or ended the connection.",
      "Check the address and the network; a command that was cut off can be repeated."),
  ADDRESS_TAKEN(
      Kind.RESOURCE,
      "The server cannot listen on its address.",
      "Choose another `--listen`, or end what is listening there."),
  STATE_UNUSABLE(
      Kind.RESOURCE,
      "The server cannot use its state folder, or another server does.",
      "Choose another `--state`, or end the server that uses it."),
  MEMORY_UNPROTECTED(
      Kind.REFUSED,
      "The machine has no memory-backed storage, so data in the clear would lie on its disk.",
      "Mount a tmpfs on /dev/shm; where there is none, `--plaintext-on-disk DIR` accepts the disk."),
  STOPPING(
      Kind.RESOURCE,
      "The enclave is stopping and takes no new requests.",
      "Try again when it has restarted."),
  OUTPUT_INCOMPLETE(
      Kind.RESOURCE,
      "The result could not be written to standard output as a whole.",
      "Check the disk or the program that it goes to. The same question again is free."),
  INTERRUPTED(
      Kind.RESOURCE,
      "The command was interrupted before it was complete.",
      "Run it again; it continues or starts anew without harm."),

  // The ledger and receipts.
  LEDGER_BEHIND(
      Kind.REFUSED,
      "The ledger is behind a checkpoint that a client has seen: it was rolled back.",
      "Trust no answer of this server until its operator restores the newest ledger."),
  LEDGER_FORKED(
      Kind.REFUSED,
      "The ledger is no extension of a checkpoint that was seen before: it has two histories.",
      "Keep both checkpoints as evidence and trust no answer of this server."),
  LEDGER_CORRUPT(
      Kind.REFUSED,
      "The ledger's stored entries do not match its tree.",
      "The operator restores the ledger from a good copy; do not continue on this one."),
  RECEIPT_INVALID(
      Kind.REFUSED,
      "A receipt does not verify; the part that does not hold is named.",
      "Do not rely on the answer; get the receipt again with `cloister result RUN --receipt FILE`."),

  INTERNAL(
      Kind.INTERNAL,
      "Something went wrong that is a fault of Cloister.",
      "Report it with the reference in the message; it holds nothing secret.");

  /// Who has to act, and so the exit code of the command line.
  public enum Kind {
    /// The caller can correct it.
    USER(2, "the caller corrects the input"),
    /// A rule or a check said no; repeating the same changes nothing.
    REFUSED(3, "a rule or a security check said no"),
    /// Something ran out; the same may succeed later or smaller.
    RESOURCE(4, "something ran out or was away"),
    /// A fault of ours. A JVM that dies of an exception exits with the same code.
    INTERNAL(1, "a fault of Cloister");

    private final int exitCode;
    private final String meaning;

    Kind(int exitCode, String meaning) {
      this.exitCode = exitCode;
      this.meaning = meaning;
    }

    public int exitCode() {
      return exitCode;
    }

    public String meaning() {
      return meaning;
    }
  }

  private final Kind kind;
  private final String meaning;
  private final String remedy;

  ErrorCode(Kind kind, String meaning, String remedy) {
    this.kind = kind;
    this.meaning = meaning;
    this.remedy = remedy;
  }

  /// The stable name on the wire and in scripts: `budget-exhausted`.
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Optional<ErrorCode> byLabel(String label) {
    return Arrays.stream(values()).filter(code -> code.label().equals(label)).findFirst();
  }

  public Kind kind() {
    return kind;
  }

  /// One sentence on what happened.
  public String meaning() {
    return meaning;
  }

  /// What to do about it.
  public String remedy() {
    return remedy;
  }
}
