package cloister.client;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.ledger.ProofException;
import cloister.ledger.SignedCheckpoint;
import cloister.ledger.TreeHead;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Collaboration;
import cloister.room.Name;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a participant knows of a collaboration, without asking anybody.
///
/// @param id the digest of the first version, which names the collaboration for good
/// @param signed the canonical JSON of the versions that this participant signed, newest last: what
///   it demands of the evidence is what it signed, never what a server says
/// @param inForce the digest of the newest of them that the enclave has said is in force, together
///   with a checkpoint that held; from then on no older one counts
/// @param enclave where the enclave is
/// @param enclaveKey the key that signs the ledger's checkpoints, as the first attested session
///   told; it never changes
/// @param certificateAuthority the collaboration's CA, as told with the key
/// @param certificate this participant's
/// @param checkpoint the largest one that was verified, as a C2SP signed note
record Membership(
    Name name,
    Digest id,
    List<Bytes> signed,
    Optional<Digest> inForce,
    URI enclave,
    Optional<Bytes> enclaveKey,
    Optional<Bytes> certificateAuthority,
    Optional<Bytes> certificate,
    Optional<String> checkpoint) {
  private static final int MAX_BYTES = 4 << 20;
  private static final int MAX_DOCUMENT_BYTES = 256 * 1024;
  private static final int MAX_VERSIONS = 8;
  private static final int MAX_CERTIFICATE_BYTES = 64 * 1024;
  private static final int MAX_URL = 2048;
  private static final int MAX_CHECKPOINT = 2048;

  Membership {
    signed = List.copyOf(signed);
  }

  static Membership of(Name name, Digest id, Bytes signed, URI enclave) {
    return new Membership(
        name,
        id,
        List.of(signed),
        Optional.empty(),
        enclave,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /// With one more version that the participant signed; of too many the oldest is forgotten, but
  /// not the one in force.
  Membership withSigned(Bytes document) {
    if (signed.contains(document)) {
      return this;
    }
    var versions = new ArrayList<>(signed);
    versions.add(document);
    if (versions.size() > MAX_VERSIONS) {
      versions.remove(isInForce(versions.getFirst()) ? 1 : 0);
    }
    return withVersions(versions, inForce);
  }

  /// Without a version whose signature was not taken.
  Membership withoutSigned(Bytes document) {
    return withVersions(
        signed.stream().filter(version -> !version.equals(document)).toList(), inForce);
  }

  /// With the version that the enclave says is in force, if this participant has signed it and has
  /// not seen a newer one in force: what is in force never gets older.
  Membership withInForce(Bytes version) {
    boolean newer =
        signed.contains(version)
            && inForce()
                .flatMap(this::version)
                .filter(known ->
                    known.version() >= Session.collaboration(version).collaboration().version())
                .isEmpty();
    return newer ? withVersions(signed, Optional.of(Digest.of(version))) : this;
  }

  private Membership withVersions(List<Bytes> versions, Optional<Digest> active) {
    return new Membership(
        name,
        id,
        versions,
        active,
        enclave,
        enclaveKey,
        certificateAuthority,
        certificate,
        checkpoint);
  }

  private boolean isInForce(Bytes version) {
    return inForce.filter(Digest.of(version)::equals).isPresent();
  }

  private Optional<Collaboration> version(Digest digest) {
    return signed.stream()
        .filter(version -> Digest.of(version).equals(digest))
        .findFirst()
        .map(version -> Session.collaboration(version).collaboration());
  }

  /// The versions whose demands an enclave may meet, newest first: the one in force, and those that
  /// this participant has signed to follow it, since an enclave that only the next version names
  /// must be reached too. Until one was seen in force, all that it signed.
  List<Collaboration> demanded() {
    var versions =
        signed.reversed().stream().map(version -> Session.collaboration(version).collaboration());
    Optional<Collaboration> active = inForce.flatMap(this::version);
    return active.isEmpty()
        ? versions.toList()
        : versions
            .filter(version ->
                version.document().equals(active.get().document())
                    || version.version() > active.get().version())
            .toList();
  }

  /// The version in force; until one was seen, the newest.
  Collaboration agreed() {
    return inForce
        .flatMap(this::version)
        .orElseGet(() -> Session.collaboration(signed.getLast()).collaboration());
  }

  Membership withEnclave(URI where) {
    return new Membership(
        name,
        id,
        signed,
        inForce,
        where,
        enclaveKey,
        certificateAuthority,
        certificate,
        checkpoint);
  }

  /// With the key and the CA that an enclave told; the first that were told stay.
  ///
  /// @throws CloisterException LEDGER_FORKED when another key was told before
  Membership withEnclaveKey(Bytes key, Bytes authority) {
    if (enclaveKey.isPresent()) {
      if (!enclaveKey.get().equals(key)) {
        throw new CloisterException(
            ErrorCode.LEDGER_FORKED,
            "the enclave's ledger has another key than the one this home has seen: it began anew");
      }
      return this;
    }
    return new Membership(
        name,
        id,
        signed,
        inForce,
        enclave,
        Optional.of(key),
        Optional.of(authority),
        certificate,
        checkpoint);
  }

  Membership withCertificate(Bytes issued) {
    return new Membership(
        name,
        id,
        signed,
        inForce,
        enclave,
        enclaveKey,
        certificateAuthority,
        Optional.of(issued),
        checkpoint);
  }

  /// With a checkpoint that extends the tree `from`, unless the remembered one is of another tree
  /// by now: nothing proves that it extends that one too.
  ///
  /// @param from empty when no checkpoint was known
  Membership withCheckpoint(Optional<TreeHead> from, SignedCheckpoint seen) {
    return head().equals(from)
        ? new Membership(
            name,
            id,
            signed,
            inForce,
            enclave,
            enclaveKey,
            certificateAuthority,
            certificate,
            Optional.of(seen.format()))
        : this;
  }

  /// The tree of the remembered checkpoint.
  Optional<TreeHead> head() {
    return checkpoint.map(Membership::head);
  }

  private static TreeHead head(String note) {
    try {
      return SignedCheckpoint.parse(note).checkpoint().head();
    } catch (ProofException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the remembered checkpoint cannot be read", e);
    }
  }

  Json.Obj json() {
    return Json.object()
        .put("name", name.value())
        .put("id", id)
        .put("signed", Json.array(signed.stream().map(bytes -> Json.of(bytes.base64())).toList()))
        .putIfPresent("inForce", inForce, digest -> Json.of(digest.toString()))
        .put("enclave", enclave.toString())
        .putIfPresent("enclaveKey", enclaveKey, bytes -> Json.of(bytes.base64()))
        .putIfPresent(
            "certificateAuthority", certificateAuthority, bytes -> Json.of(bytes.base64()))
        .putIfPresent("certificate", certificate, bytes -> Json.of(bytes.base64()))
        .putIfPresent("checkpoint", checkpoint, Json::of)
        .put("version", 1)
        .build();
  }

  static Membership parse(byte[] json) {
    Json.Fields fields = Json.parseFields(json, MAX_BYTES, "collaboration of this home");
    fields.count("version", 1, 1);
    var membership =
        new Membership(
            fields.parsed("name", 63, Name::new),
            fields.digest("id"),
            fields.strings("signed", MAX_VERSIONS, 2 * MAX_DOCUMENT_BYTES).stream()
                .map(Bytes::base64)
                .toList(),
            fields.optional("inForce", Json.Fields::digest),
            fields.parsed("enclave", MAX_URL, URI::create),
            fields.optional("enclaveKey", (in, key) -> in.bytes(key, MAX_CERTIFICATE_BYTES)),
            fields.optional(
                "certificateAuthority", (in, key) -> in.bytes(key, MAX_CERTIFICATE_BYTES)),
            fields.optional("certificate", (in, key) -> in.bytes(key, MAX_CERTIFICATE_BYTES)),
            fields.optional("checkpoint", (in, key) -> in.string(key, MAX_CHECKPOINT)));
    fields.noOther();
    return membership;
  }
}
