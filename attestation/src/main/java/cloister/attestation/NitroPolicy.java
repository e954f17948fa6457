package cloister.attestation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// Demands of AWS Nitro:
///
/// - `document`: `enclave` or `nitro-tpm`. The same signature covers registers that mean something
///   else, so it is said, and not guessed from what is in them;
/// - `pcr`: by index, lists of `sha384:…` or `any`. An enclave's policy has 0, 1 and 2, a
///   NitroTPM's 4, 7 and 12, and there 4 and 12 cannot be `any`: who may replace the kernel's
///   command line may turn off the verification of its file system (advisory of
///   `nitro-tpm-pcr-compute`);
/// - `maximum-age-seconds`: of the document, 1 to 86400;
/// - `revocation`: `["checked"]`, or `any`: see [Revocation].
///
/// Of an enclave, 3 pins the instance's role, 4 the instance, 8 whoever signed the image.
record NitroPolicy(
    NitroDocument.Kind document,
    SortedMap<Integer, Allowed<Measurement>> registers,
    Duration maximumAge,
    Allowed<Revocation> revocation)
    implements Policy.Entry {
  private static final long DAY = 86_400;

  static NitroPolicy read(Fields fields) throws EvidenceException {
    NitroDocument.Kind kind = fields.parsed("document", NitroDocument.Kind::byLabel);
    return new NitroPolicy(
        kind,
        registers(kind, fields.object("pcr")),
        Duration.ofSeconds(fields.integer("maximum-age-seconds", 1, DAY)),
        fields.allowed("revocation", Revocation::parse));
  }

  private static SortedMap<Integer, Allowed<Measurement>> registers(
      NitroDocument.Kind kind, Fields pcr) throws EvidenceException {
    var registers = new TreeMap<Integer, Allowed<Measurement>>();
    for (int index : kind.decisive()) {
      registers.put(index, pcr.allowed(Integer.toString(index), NitroPolicy::sha384));
    }
    for (String name : pcr.names()) {
      if (!name.matches("[0-9]|[12][0-9]|3[01]")) {
        throw pcr.bad(name, "is no register: they are 0 to 31");
      }
      registers.put(Integer.valueOf(name), pcr.allowed(name, NitroPolicy::sha384));
    }
    if (kind == NitroDocument.Kind.NITRO_TPM) {
      for (int index : List.of(4, 12)) {
        if (registers.get(index) instanceof Allowed.Any && !pcr.isWrong(Integer.toString(index))) {
          throw pcr.bad(
              Integer.toString(index), "cannot be any: whoever starts the instance sets it");
        }
      }
    }
    return registers;
  }

  private static Measurement sha384(String text) {
    Measurement measurement = Measurement.parse(text);
    if (!measurement.algorithm().equals("sha384")) {
      throw new IllegalArgumentException("registers are sha384:…");
    }
    return measurement;
  }

  @Override
  public Tee tee() {
    return Tee.NITRO;
  }

  @Override
  public Instant acceptsUntil(Claims claims) {
    return claims instanceof NitroClaims nitro
        ? nitro.document().timestamp().plus(maximumAge)
        : Instant.MAX;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof NitroClaims nitro)) {
      throw new IllegalArgumentException("compared with claims of " + claims.tee());
    }
    NitroDocument found = nitro.document();
    var checks = new Checks();
    checks.require(
        "nitro.document",
        found.kind() == document,
        "is of kind " + document,
        "is of kind %s, and the policy accepts %s".formatted(found.kind(), document));
    registers.forEach((index, allowed) -> {
      String name = "nitro.pcr" + index;
      checks.addAll(
          List.of(
              found
                  .register(index)
                  .map(value -> allowed.check(name, value))
                  .orElseGet(() -> Check.fails(name, "the document has no register " + index))));
    });
    Duration age = Duration.between(found.timestamp(), at);
    checks.require(
        "nitro.age",
        age.compareTo(maximumAge) <= 0,
        "is %d s old, and the policy accepts %d s"
            .formatted(age.toSeconds(), maximumAge.toSeconds()),
        "is %d s old, and the policy accepts %d s: ask the enclave for fresh evidence"
            .formatted(age.toSeconds(), maximumAge.toSeconds()));
    checks.add(revocation.check("nitro.revocation", nitro.revocation()));
    return checks.list();
  }
}
