package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The certificate of a platform's provisioning key, with what its SGX extension says about the
/// platform (Intel SGX PCK Certificate and CRL Profile, 1.2.840.113741.1.13.1).
///
/// @param components the 16 patch levels of the platform that the key was made for
/// @param family FMSPC, which names the TCB info that applies
/// @param instance of a platform with a Platform CA's certificate, however many packages it has
/// @param configuration the same
record PckCertificate(
    X509Certificate certificate,
    Bytes ppid,
    List<Integer> components,
    int pceSvn,
    Bytes pceId,
    Bytes family,
    Optional<Bytes> instance,
    Optional<Configuration> configuration) {
  private static final String EXTENSION = "1.2.840.113741.1.13.1";

  /// How the platform was set up when it was registered.
  record Configuration(boolean dynamicPlatform, boolean cachedKeys, boolean simultaneousThreads) {}

  PckCertificate {
    components = List.copyOf(components);
  }

  static PckCertificate of(X509Certificate certificate) throws EvidenceException {
    String what = "the PCK certificate's SGX extension";
    Bytes extension =
        Certificates.extension(certificate, EXTENSION)
            .orElseThrow(() -> new EvidenceException("the PCK certificate has no SGX extension"));
    Der outer = Der.of(what, extension);
    Map<String, Der> values = members(outer.sequence());
    outer.end();
    Map<String, Der> tcb = members(member(values, ".2").sequence());
    var components = new ArrayList<Integer>();
    for (int i = 1; i <= 16; i++) {
      components.add(svn(member(tcb, ".2." + i)));
    }
    Optional<Bytes> instance =
        values.containsKey(EXTENSION + ".6")
            ? Optional.of(sized(member(values, ".6").octetString(), 16))
            : Optional.empty();
    return new PckCertificate(
        certificate,
        sized(member(values, ".1").octetString(), 16),
        components,
        member(tcb, ".2.17").integer(),
        sized(member(values, ".3").octetString(), 2),
        sized(member(values, ".4").octetString(), 6),
        instance,
        configuration(values));
  }

  private static Optional<Configuration> configuration(Map<String, Der> values)
      throws EvidenceException {
    if (!values.containsKey(EXTENSION + ".7")) {
      return Optional.empty();
    }
    Map<String, Der> flags = members(member(values, ".7").sequence());
    return Optional.of(
        new Configuration(
            member(flags, ".7.1").flag(),
            member(flags, ".7.2").flag(),
            member(flags, ".7.3").flag()));
  }

  private static int svn(Der value) throws EvidenceException {
    int svn = value.integer();
    if (svn > 255) {
      throw new EvidenceException("the PCK certificate has a component above 255");
    }
    return svn;
  }

  private static Bytes sized(Bytes value, int size) throws EvidenceException {
    if (value.size() != size) {
      throw new EvidenceException(
          "the PCK certificate has a field of %d bytes, not %d".formatted(value.size(), size));
    }
    return value;
  }

  /// The values of a sequence of pairs, by identifier; each positioned at its value.
  private static Map<String, Der> members(Der sequence) throws EvidenceException {
    var members = new HashMap<String, Der>();
    while (sequence.hasMore()) {
      Der pair = sequence.sequence();
      if (members.put(pair.objectIdentifier(), pair) != null) {
        throw new EvidenceException("the PCK certificate's SGX extension says something twice");
      }
    }
    return members;
  }

  private static Der member(Map<String, Der> members, String suffix) throws EvidenceException {
    Der member = members.get(EXTENSION + suffix);
    if (member == null) {
      throw new EvidenceException("the PCK certificate's SGX extension lacks " + suffix);
    }
    return member;
  }
}
