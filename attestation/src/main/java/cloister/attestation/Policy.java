package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What a participant or a collaboration demands of evidence, field by field. It is known by the
/// SHA-256 of its canonical JSON (RFC 8785), and evidence is bound to that digest.
///
/// Every field that decides who may see plaintext has to be there. `any` is written out where
/// nothing is demanded, and every result shows it; an empty list, an unknown key and a missing one
/// are refused.
///
/// @param families how many pieces of accepted evidence have to share no vendor ([Claims#restsOn]):
///   one falls, the others still stand
/// @param deny what is refused whatever else holds
public record Policy(
    Digest digest,
    String name,
    Instant from,
    Instant until,
    int families,
    List<Entry> accept,
    Map<Identifier, Set<Bytes>> deny) {
  private static final int MAX_BYTES = 256 * 1024;
  private static final int MAX_ENTRIES = 64;
  private static final int SHORTEST_IDENTIFIER = 8;
  private static final int LONGEST_IDENTIFIER = 64;

  public Policy {
    accept = List.copyOf(accept);
    deny = Map.copyOf(deny);
    if (accept.isEmpty()) {
      throw new IllegalArgumentException("a policy accepts something");
    }
  }

  /// What is demanded of one kind of TEE. Of several for the same kind, one has to hold in full.
  public sealed interface Entry
      permits AzureAciPolicy,
          AzureCvmPolicy,
          MaaPolicy,
          NitroPolicy,
          NvidiaPolicy,
          SgxPolicy,
          SimulatedPolicy,
          SnpPolicy,
          SpacePolicy,
          TdxPolicy {
    Tee tee();

    /// Compares every field.
    ///
    /// @param claims of the same kind of TEE
    List<Check> compare(Claims claims, Instant at);
  }

  /// @param canonical the document as canonical JSON, which is what the digest is of
  /// @throws EvidenceException naming the path of everything wrong that one reading finds: all
  ///   parts are read and all entries, each up to the first value that it cannot go on without
  public static Policy parse(Bytes canonical) throws EvidenceException {
    var mistakes = new Mistakes();
    Fields fields = Json.parse("policy", canonical, MAX_BYTES).noting(mistakes);
    Optional<String> name = mistakes.attempt(() -> fields.string("policy"));
    Optional<Validity> valid = mistakes.attempt(() -> validity(fields.object("valid")));
    int families = (int) fields.integer("families", 1, 4);
    var accept = new ArrayList<Entry>();
    for (Fields each :
        mistakes.attempt(() -> fields.objects("accept", MAX_ENTRIES)).orElse(List.of())) {
      mistakes.attempt(() -> entry(each)).ifPresent(accept::add);
    }
    Optional<Map<Identifier, Set<Bytes>>> deny = mistakes.attempt(() -> denied(fields));
    fields.noOther();
    mistakes.refuse();
    if (accept.isEmpty()) {
      throw fields.bad("accept", "is empty: nothing would be accepted");
    }
    if (accept.stream().noneMatch(entry -> entry.tee().attestsCode())) {
      throw fields.bad("accept", "names no TEE that says which code runs: a GPU's report does not");
    }
    if (families(accept.stream().map(Entry::tee)) < families) {
      throw fields.bad("families", "is more than accept names");
    }
    return new Policy(
        Digest.of(canonical),
        name.orElseThrow(),
        valid.orElseThrow().from(),
        valid.orElseThrow().until(),
        families,
        accept,
        deny.orElseThrow());
  }

  private record Validity(Instant from, Instant until) {}

  private static Validity validity(Fields valid) throws EvidenceException {
    var read = new Validity(valid.instant("from"), valid.instant("until"));
    valid.noOther();
    if (!read.until().isAfter(read.from())) {
      throw valid.bad("until", "is not after from");
    }
    return read;
  }

  /// How many vendors vouch for the code among these. One that vouches for a GPU is none of them.
  static long families(Stream<Tee> tees) {
    return tees.filter(Tee::attestsCode).map(Tee::family).distinct().count();
  }

  private static Entry entry(Fields fields) throws EvidenceException {
    Tee tee = fields.parsed("tee", Policy::tee);
    Entry entry =
        switch (tee) {
          case SIMULATED -> SimulatedPolicy.read(fields);
          case SEV_SNP -> SnpPolicy.read(fields);
          case NITRO -> NitroPolicy.read(fields);
          case CONFIDENTIAL_SPACE -> SpacePolicy.read(fields);
          case AZURE_CVM -> AzureCvmPolicy.read(fields);
          case AZURE_ACI -> AzureAciPolicy.read(fields);
          case AZURE_MAA -> MaaPolicy.read(fields);
          case SGX -> SgxPolicy.read(fields);
          case TDX -> TdxPolicy.read(fields);
          case NVIDIA -> NvidiaPolicy.read(fields);
        };
    fields.noOther();
    return entry;
  }

  private static Tee tee(String label) {
    return Tee.byLabel(label)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "not one of "
                    + Arrays.stream(Tee.values())
                        .map(Tee::label)
                        .collect(Collectors.joining(", "))));
  }

  private static Map<Identifier, Set<Bytes>> denied(Fields fields) throws EvidenceException {
    var deny = new EnumMap<Identifier, Set<Bytes>>(Identifier.class);
    var lists = fields.optionalObject("deny");
    if (lists.isPresent()) {
      for (String name : lists.get().names()) {
        Identifier identifier =
            Identifier.byLabel(name)
                .orElseThrow(() -> lists.get().bad(name, "is no identifier that evidence has"));
        deny.put(identifier, Set.copyOf(lists.get().list(name, Policy::identifier)));
      }
    }
    return deny;
  }

  private static Bytes identifier(String hex) {
    Bytes bytes = Fields.hexadecimal(hex);
    if (bytes.size() < SHORTEST_IDENTIFIER || bytes.size() > LONGEST_IDENTIFIER) {
      throw new IllegalArgumentException(
          "an identifier has %d to %d bytes, not %d"
              .formatted(SHORTEST_IDENTIFIER, LONGEST_IDENTIFIER, bytes.size()));
    }
    return bytes;
  }

  /// Holds the report against the entries for its kind of TEE, and against the deny-lists. Where
  /// several entries could hold, the checks of the one that holds are the result; where none does,
  /// those of all.
  public List<Check> compare(VerifiedReport report, Instant at) {
    var checks = new Checks();
    checks.add(valid(at));
    Map<Identifier, Bytes> identifiers = report.claims().identifiers();
    deny.keySet().stream()
        .filter(kind -> !identifiers.containsKey(kind))
        .forEach(kind ->
            checks.noted(
                "policy.deny", "evidence of %s has no %s to deny".formatted(report.tee(), kind)));
    identifiers.forEach((kind, value) -> {
      if (deny.getOrDefault(kind, Set.of()).stream().anyMatch(one -> names(one, value))) {
        checks.fails("policy.deny", "the policy denies this " + kind);
      }
      if (PublishedEvidence.isPublished(kind, value)) {
        checks.fails(
            "policy.deny", "this " + kind + " is of published evidence, whose keys anybody has");
      }
    });
    checks.addAll(compareEntries(report, at));
    return checks.list();
  }

  /// Whether it may be applied at that instant. What is expired or not yet valid accepts nothing.
  public Check valid(Instant at) {
    String check = "policy.valid";
    if (at.isBefore(from)) {
      return Check.fails(
          check, "%s is not valid before %s, and it is %s".formatted(name, from, at));
    }
    return at.isBefore(until)
        ? Check.holds(check, "%s is valid until %s".formatted(name, until))
        : Check.fails(
            check,
            "%s expired at %s, and it is %s: agree on one that is valid"
                .formatted(name, until, at));
  }

  /// Hardware pads what it says with zeros: eight bytes of a Turin's chip id stand in a field of
  /// 64.
  private static boolean names(Bytes denied, Bytes value) {
    return denied.size() <= value.size()
        && value.slice(0, denied.size()).equals(denied)
        && IntStream.range(denied.size(), value.size()).allMatch(at -> value.toArray()[at] == 0);
  }

  private List<Check> compareEntries(VerifiedReport report, Instant at) {
    var refused = new ArrayList<Check>();
    for (Entry entry : accept) {
      if (entry.tee() == report.tee()) {
        List<Check> compared = entry.compare(report.claims(), at);
        if (compared.stream().noneMatch(Check::failed)) {
          return compared;
        }
        refused.addAll(compared);
      }
    }
    return refused.isEmpty()
        ? List.of(
            Check.fails("policy.accept", "%s does not accept %s".formatted(name, report.tee())))
        : refused;
  }
}
