package cloister.protocol;

import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.ledger.Checkpoint;
import cloister.privacy.Delta;
import cloister.privacy.Epsilon;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Kind;
import cloister.room.Name;
import cloister.room.Purpose;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/// What the enclave states about one run: who asked what, on which data, under which terms, at
/// which cost, and what came out for whom. It is an in-toto Statement v1 about the answer; every
/// member below is one *field* of it, bound one by one ([#bindings]).
///
/// @param run the run's id
/// @param request the digest of the requester's signed request
/// @param plan the digest of the checked plan, the same for two texts that ask the same
/// @param datasets what was read, whose terms bound it, and the budget it cost
/// @param parameters by name, as the requester wrote them
/// @param trace the decision path, a line each
/// @param noise absent in threshold-only mode
/// @param recipients the digest of each one's sealed answer
/// @param output the digest of the canonical answer, before sealing
/// @param ledger the origin of the ledger that has the receipt's entry
public record Receipt(
    String run,
    Named collaboration,
    Named requester,
    Digest request,
    Purpose purpose,
    Analysis analysis,
    Digest plan,
    SortedMap<Address, Input> datasets,
    SortedMap<String, String> parameters,
    List<String> trace,
    Optional<Noise> noise,
    SortedMap<Name, Digest> recipients,
    Digest output,
    Enclave enclave,
    Instant issued,
    String ledger) {
  static final String STATEMENT = "https://in-toto.io/Statement/v1";

  /// Under a domain that can never exist (RFC 2606): it names the format and claims no site.
  static final String PREDICATE = "https://cloister.invalid/receipt/v1";

  private static final int MAX_DATASETS = 256;
  private static final int MAX_TRACE_LINES = 10_000;

  /// Of a line of the trace, and of the words for the noise.
  public static final int MAX_LINE = 4096;

  public Receipt {
    datasets = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(datasets)));
    parameters = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(parameters)));
    trace = List.copyOf(trace);
    recipients = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(recipients)));
  }

  /// A name and a digest: a collaboration and its document, a participant and its key.
  public record Named(Name name, Digest digest) {}

  /// An analysis and the digest of its document.
  public record Analysis(Address address, Digest document) {}

  /// One dataset of a run.
  ///
  /// @param terms the digest of the signed document that has its terms
  /// @param version the digest of the data
  /// @param budget absent when the terms ask for no noise
  public record Input(Digest terms, Digest version, Optional<Budget> budget) {}

  /// What had been spent of a dataset's budget.
  public record Budget(Spent before, Spent after) {}

  /// An exact total.
  public record Spent(BigDecimal epsilon, BigDecimal delta) {
    private static final int MAX_DIGITS = 60;

    public Spent {
      epsilon = plain(epsilon);
      delta = plain(delta);
    }

    private static BigDecimal plain(BigDecimal amount) {
      if (amount.signum() < 0 || amount.precision() > MAX_DIGITS || Math.abs(amount.scale()) > 60) {
        throw new IllegalArgumentException("a spent amount is at least 0 and has up to 60 digits");
      }
      BigDecimal stripped = amount.stripTrailingZeros();
      return stripped.setScale(Math.max(0, stripped.scale()));
    }
  }

  /// @param mechanism in words, with the scale of the noise
  public record Noise(Epsilon epsilon, Delta delta, String mechanism) {}

  /// The measured code that issued the receipt.
  public record Enclave(Tee tee, Measurement measurement) {
    public boolean simulated() {
      return tee == Tee.SIMULATED;
    }
  }

  /// The in-toto statement's canonical JSON.
  public Bytes statement() {
    return Json.object()
        .put("_type", STATEMENT)
        .put("predicate", predicate())
        .put("predicateType", PREDICATE)
        .put("subject", subject())
        .bytes();
  }

  /// Each field's name with the SHA-256 of its canonical JSON. The ledger's entry of the run
  /// commits to them, so that of an altered receipt one can say *which* field was altered, and not
  /// only that the signature does not hold.
  public Json.Obj bindings() {
    var bindings = Json.object().put("subject", subject().digest());
    predicate().members().forEach((field, value) -> bindings.put(field, value.digest()));
    return bindings.build();
  }

  static Receipt read(Bytes statement) {
    Json json = Json.parseCanonical(statement.toArray(), DsseEnvelope.MAX_PAYLOAD_BYTES);
    if (!(json instanceof Json.Obj object)) {
      throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "the statement is no object");
    }
    Json.Fields in = object.fields("statement");
    fixed(in, "_type", STATEMENT);
    fixed(in, "predicateType", PREDICATE);
    List<Json.Fields> subjects = in.objects("subject", 1);
    if (subjects.size() != 1) {
      throw in.bad("subject", "has not exactly one element");
    }
    Receipt receipt = read(in.object("predicate"), output(subjects.getFirst()));
    in.noOther();
    if (!receipt.statement().equals(statement)) {
      throw in.bad("subject", "names another run than the predicate");
    }
    return receipt;
  }

  private Json subject() {
    return Json.array(
        List.of(
            Json.object()
                .put("digest", Json.object().put("sha256", hex(output)).build())
                .put("name", "run/" + run)
                .build()));
  }

  private Json.Obj predicate() {
    return Json.object()
        .put("run", run)
        .put("collaboration", json(collaboration))
        .put("requester", json(requester))
        .put("request", request)
        .put("purpose", purpose.term())
        .put(
            "analysis",
            Json.object()
                .put("address", analysis.address().toString())
                .put("document", analysis.document())
                .build())
        .put("plan", plan)
        .put("terms", byAddress(input -> Json.of(input.terms().toString())))
        .put("inputs", byAddress(input -> Json.of(input.version().toString())))
        .put("budget", budgets())
        .put("parameters", texts(parameters))
        .put("trace", trace)
        .put("noise", noise.<Json>map(Receipt::json).orElse(Json.Null.NULL))
        .put("recipients", texts(recipients))
        .put(
            "enclave",
            Json.object()
                .put("tee", enclave.tee().label())
                .put("measurement", enclave.measurement().toString())
                .put("simulated", enclave.simulated())
                .build())
        .put("issued", issued)
        .put("ledger", ledger)
        .build();
  }

  private static Receipt read(Json.Fields in, Digest output) {
    var datasets = new TreeMap<Address, Input>();
    Json.Fields terms = in.object("terms");
    Json.Fields inputs = in.object("inputs");
    Json.Fields budgets = in.object("budget");
    for (String key : terms.keys(MAX_DATASETS)) {
      Address address = dataset(in, key);
      datasets.put(
          address,
          new Input(
              terms.digest(key),
              inputs.digest(key),
              budgets.optional(key, (fields, name) -> budget(fields.object(name)))));
    }
    inputs.noOther();
    budgets.noOther();
    var receipt =
        new Receipt(
            in.string("run", 64),
            named(in.object("collaboration")),
            named(in.object("requester")),
            in.digest("request"),
            in.oneOf("purpose", Purpose::byTerm),
            analysis(in.object("analysis")),
            in.digest("plan"),
            datasets,
            parameters(in.object("parameters")),
            in.strings("trace", MAX_TRACE_LINES, MAX_LINE),
            in.any("noise") instanceof Json.Null
                ? Optional.empty()
                : Optional.of(noise(in.object("noise"))),
            recipients(in.object("recipients")),
            output,
            enclave(in.object("enclave")),
            in.instant("issued"),
            in.parsed("ledger", 255, Checkpoint::requireOrigin));
    in.noOther();
    return receipt;
  }

  private static Digest output(Json.Fields in) {
    in.string("name", 128);
    Json.Fields digest = in.object("digest");
    Digest output = digest.parsed("sha256", 64, text -> Digest.parse("sha256:" + text));
    digest.noOther();
    in.noOther();
    return output;
  }

  private Json byAddress(Function<Input, Json> value) {
    var object = Json.object();
    datasets.forEach((address, input) -> object.put(address.toString(), value.apply(input)));
    return object.build();
  }

  private Json budgets() {
    var object = Json.object();
    datasets.forEach((address, input) ->
        input
            .budget()
            .ifPresent(budget ->
                object.put(
                    address.toString(),
                    Json.object()
                        .put("before", json(budget.before()))
                        .put("after", json(budget.after()))
                        .build())));
    return object.build();
  }

  private static Json texts(Map<?, ?> entries) {
    var object = Json.object();
    entries.forEach((key, value) -> object.put(key.toString(), value.toString()));
    return object.build();
  }

  private static Json.Obj json(Named named) {
    return Json.object().put("name", named.name().value()).put("digest", named.digest()).build();
  }

  private static Named named(Json.Fields in) {
    var named = new Named(in.parsed("name", 63, Name::new), in.digest("digest"));
    in.noOther();
    return named;
  }

  private static Analysis analysis(Json.Fields in) {
    var analysis = new Analysis(in.parsed("address", 256, Address::parse), in.digest("document"));
    in.noOther();
    return analysis;
  }

  /// Totals are text: they may have more digits than a JSON number carries.
  private static Json json(Spent spent) {
    return Json.object()
        .put("epsilon", spent.epsilon().toPlainString())
        .put("delta", spent.delta().toPlainString())
        .build();
  }

  private static Budget budget(Json.Fields in) {
    var budget = new Budget(spent(in.object("before")), spent(in.object("after")));
    in.noOther();
    return budget;
  }

  private static Spent spent(Json.Fields in) {
    var spent =
        new Spent(
            in.parsed("epsilon", 64, BigDecimal::new), in.parsed("delta", 64, BigDecimal::new));
    in.noOther();
    return spent;
  }

  private static Json json(Noise noise) {
    return Json.object()
        .put("epsilon", noise.epsilon().toString())
        .put("delta", noise.delta().toString())
        .put("mechanism", noise.mechanism())
        .build();
  }

  private static Noise noise(Json.Fields in) {
    var noise =
        new Noise(
            in.parsed("epsilon", 64, Epsilon::of),
            in.parsed("delta", 64, Delta::of),
            in.string("mechanism", MAX_LINE));
    in.noOther();
    return noise;
  }

  private static SortedMap<String, String> parameters(Json.Fields in) {
    var parameters = new TreeMap<String, String>();
    for (String name : in.keys(MAX_DATASETS)) {
      parameters.put(name, in.string(name, MAX_LINE));
    }
    return parameters;
  }

  private static SortedMap<Name, Digest> recipients(Json.Fields in) {
    var recipients = new TreeMap<Name, Digest>();
    for (String name : in.keys(Collaboration.MOST_PARTICIPANTS)) {
      recipients.put(key(in, name, Name::new), in.digest(name));
    }
    return recipients;
  }

  private static Enclave enclave(Json.Fields in) {
    var enclave =
        new Enclave(
            in.oneOf("tee", Tee::byLabel), in.parsed("measurement", 140, Measurement::parse));
    if (in.bool("simulated") != enclave.simulated()) {
      throw in.bad("simulated", "contradicts the TEE");
    }
    in.noOther();
    return enclave;
  }

  private static Address dataset(Json.Fields in, String key) {
    Address address = key(in, key, Address::parse);
    if (address.kind() != Kind.DATASET) {
      throw in.bad("terms", "name something that is no dataset");
    }
    return address;
  }

  private static <T> T key(Json.Fields in, String key, Function<String, T> parse) {
    try {
      return parse.apply(key);
    } catch (IllegalArgumentException _) {
      throw in.bad("(key)", "has not the form that it must have");
    }
  }

  private static void fixed(Json.Fields in, String name, String value) {
    if (!in.string(name, 64).equals(value)) {
      throw in.bad(name, "is not " + value);
    }
  }

  private static String hex(Digest digest) {
    return HexFormat.of().formatHex(digest.toArray());
  }
}
