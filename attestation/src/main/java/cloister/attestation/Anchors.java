package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/// Where trust begins: the vendors' root certificates, in this module's resources and held against
/// the digests below. No argument, setting or file adds one.
public final class Anchors {
  /// A vendor's root, with the SHA-256 of its certificate.
  enum Root {
    AMD_MILAN("ark-milan", "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"),
    AMD_GENOA("ark-genoa", "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"),
    AMD_TURIN("ark-turin", "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"),
    INTEL("intel-sgx-root", "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"),
    AWS_NITRO("aws-nitro-g1", "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"),
    MICROSOFT_SUPPLY_CHAIN(
        "microsoft-supply-chain-2022",
        "23ffe2b8bdb9a1711515d4cffda04bc7f793d513c76c243f1020507d8669b7db"),
    GOOGLE_SPACE(
        "google-confidential-space",
        "148b293821bb0c6a317f413c8ba475814091cb22d49b9e3c94198db8e8f86c39"),
    NVIDIA_DEVICE(
        "nvidia-device", "102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48"),
    NVIDIA_MANIFEST(
        "nvidia-rim", "12977b5115acb0381179279fffeb5a8c4d264971ebb32298023a465fa41df5d1");

    private final String file;
    private final String sha256;

    Root(String file, String sha256) {
      this.file = file;
      this.sha256 = sha256;
    }
  }

  private static final Anchors PINNED = new Anchors(read());

  private final Map<Root, X509Certificate> roots;

  private Anchors(Map<Root, X509Certificate> roots) {
    this.roots = Map.copyOf(roots);
  }

  /// The vendors' roots.
  public static Anchors pinned() {
    return PINNED;
  }

  /// Roots of a test's own making in the place of the vendors'. Not visible outside this package.
  static Anchors insecureForTests(Map<Root, X509Certificate> roots) {
    var all = new EnumMap<>(PINNED.roots);
    all.putAll(roots);
    return new Anchors(all);
  }

  X509Certificate root(Root root) {
    X509Certificate certificate = roots.get(root);
    if (certificate == null) {
      throw new IllegalStateException("every root has a certificate");
    }
    return certificate;
  }

  Collection<X509Certificate> roots() {
    return roots.values();
  }

  private static Map<Root, X509Certificate> read() {
    var roots = new EnumMap<Root, X509Certificate>(Root.class);
    for (Root root : Root.values()) {
      try (InputStream file = Anchors.class.getResourceAsStream(root.file + ".pem")) {
        if (file == null) {
          throw new IllegalStateException("no resource " + root.file);
        }
        var certificate = Certificates.read(root.file, Bytes.of(file.readAllBytes()), 1).getFirst();
        if (!Digest.of(Certificates.encoded(certificate))
            .toString()
            .equals("sha256:" + root.sha256)) {
          throw new IllegalStateException("the resource is not the pinned root " + root.file);
        }
        roots.put(root, certificate);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (EvidenceException e) {
        throw new IllegalStateException("a malformed root in the resources", e);
      }
    }
    return roots;
  }
}
