package cloister.client;

import cloister.attestation.Policy;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.PolicyDocument;
import cloister.room.Collaboration;
import cloister.room.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/// What a home demands of evidence: policies that collaborations name by their digest, and stricter
/// ones of its own, which hold wherever it goes.
///
/// ```
/// policies/known/DIGEST.json    applied where a collaboration names the digest
/// policies/own/NAME.json        applied always
/// ```
public final class Policies {
  private final Path known;
  private final Path own;

  Policies(Path home) {
    this.known = home.resolve("policies").resolve("known");
    this.own = home.resolve("policies").resolve("own");
  }

  /// A policy in a YAML or JSON file.
  ///
  /// @throws cloister.protocol.InvalidDocument with the place of the mistake
  public static PolicyDocument read(Path file) {
    return PolicyDocument.parse(file.toString(), DocumentPackage.text(file));
  }

  /// Keeps a policy for the collaborations that name its digest.
  public void add(PolicyDocument policy) {
    write(known, file(known, policy.digest()), policy);
  }

  /// Keeps what lies in a folder `policies` beside a collaboration's file, if it is what the
  /// collaboration demands.
  public void addBeside(Path collaborationFile, Collaboration collaboration) {
    Optional<Digest> demanded = collaboration.enclave().policy();
    Path folder = collaborationFile.toAbsolutePath().resolveSibling("policies");
    if (demanded.isEmpty() || find(demanded.get()).isPresent() || !Files.isDirectory(folder)) {
      return;
    }
    for (Path file : DocumentPackage.files(folder)) {
      PolicyDocument policy = read(file);
      if (policy.digest().equals(demanded.get())) {
        add(policy);
      }
    }
  }

  /// Demands a policy of every enclave from now on, unless another of the same name is demanded,
  /// which might demand more.
  ///
  /// @return whether it is demanded now
  public boolean requireNew(PolicyDocument policy) {
    Path file = own.resolve(name(policy.policy()) + ".json");
    if (Files.exists(file)) {
      return readKept(file).digest().equals(policy.digest());
    }
    require(policy);
    return true;
  }

  /// Demands a policy of every enclave from now on; one of the same name is replaced.
  public void require(PolicyDocument policy) {
    write(own, own.resolve(name(policy.policy()) + ".json"), policy);
  }

  /// @return whether it was there
  public boolean drop(Name name) {
    try {
      return Files.deleteIfExists(own.resolve(name + ".json"));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /// Keeps a policy no longer for the collaborations that name its digest.
  ///
  /// @return whether it was there
  public boolean remove(Digest digest) {
    try {
      return Files.deleteIfExists(file(known, digest));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /// What this home demands of every enclave.
  public List<PolicyDocument> required() {
    return kept(own);
  }

  /// What this home has for the collaborations that name it.
  public List<PolicyDocument> known() {
    return kept(known);
  }

  private static List<PolicyDocument> kept(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .map(Policies::readKept)
          .toList();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  Optional<PolicyDocument> find(Digest digest) {
    Path file = file(known, digest);
    return Files.exists(file)
        ? Optional.of(readKept(file)).filter(kept -> kept.digest().equals(digest))
        : Optional.empty();
  }

  /// The digests that evidence has to be bound to, in the order of the binding: those of the
  /// versions that may be in force, then the home's own.
  List<Digest> demanded(List<Collaboration> versions) {
    var digests = new LinkedHashSet<Digest>();
    versions.forEach(version -> version.enclave().policy().ifPresent(digests::add));
    required().forEach(policy -> digests.add(policy.digest()));
    return List.copyOf(digests);
  }

  /// What is demanded of the enclave of this version.
  ///
  /// @throws CloisterException POLICY_UNKNOWN if the collaboration names a policy that is not kept
  Trust trust(Collaboration version, SimulatedEvidence simulated) {
    var policies = new ArrayList<Policy>();
    version
        .enclave()
        .policy()
        .ifPresent(digest ->
            policies.add(
                find(digest)
                    .orElseThrow(() ->
                        new CloisterException(
                            ErrorCode.POLICY_UNKNOWN,
                            version.name() + " demands the policy " + digest))
                    .policy()));
    required().forEach(policy -> policies.add(policy.policy()));
    return new Trust(version.enclave(), policies, simulated);
  }

  private static Name name(Policy policy) {
    try {
      return new Name(policy.name());
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_INVALID, "the policy's name is no name: " + e.getMessage(), e);
    }
  }

  private static Path file(Path folder, Digest digest) {
    return folder.resolve(digest.toString().substring("sha256:".length()) + ".json");
  }

  private static void write(Path folder, Path file, PolicyDocument policy) {
    try {
      PrivateFiles.createFolder(folder);
      PrivateFiles.write(file, policy.canonical().toArray());
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static PolicyDocument readKept(Path file) {
    try {
      return PolicyDocument.fromCanonical(
          Bytes.of(PrivateFiles.read(file, Documents.MAX_CANONICAL_BYTES)));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static CloisterException unusable(IOException e) {
    return new CloisterException(
        ErrorCode.HOME_INVALID, "the home's policies cannot be read or written", e);
  }
}
