package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.privacy.Charge;
import cloister.protocol.DsseEnvelope;
import cloister.protocol.EvidenceFormat;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Name;
import cloister.room.Purpose;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The JSON of [Event]s, as the ledger keeps it. A change here must still read what earlier
/// versions wrote.
final class Events {
  private static final int MAX_BYTES = 20 << 20;
  private static final Bytes NOTHING = Bytes.of(new byte[0]);

  private Events() {}

  static Event.Encoded encode(Instant at, Event event) {
    var json = Json.object().put("at", at);
    Bytes beside = NOTHING;
    switch (event) {
      case Event.Opened(var document, var secret, var authority) ->
          json.put("event", "opened")
              .put("document", document.toJson())
              .put("secret", secret)
              .put("authority", authority);
      case Event.Proposed(var document) ->
          json.put("event", "proposed").put("document", document.toJson());
      case Event.Signed(var document, var participant, var signature) ->
          json.put("event", "signed")
              .put("document", document)
              .put("participant", participant.toString())
              .put("signature", signature);
      case Event.Enrolled(var participant, var certificate) ->
          json.put("event", "enrolled")
              .put("participant", participant.toString())
              .put("certificate", certificate);
      case Event.Applied(var document) ->
          json.put("event", "applied").put("document", document.toJson());
      case Event.Published(var dataset, var version, var schema, var parts, var key, var source) ->
          json.put("event", "published")
              .put("dataset", dataset.toString())
              .put("version", version)
              .put("schema", schema)
              .put("parts", parts)
              .put("key", key)
              .putIfPresent("source", source, Events::encode);
      case Event.Expired(var dataset, var version) ->
          json.put("event", "expired").put("dataset", dataset.toString()).put("version", version);
      case Event.Suspended(var participant) ->
          json.put("event", "suspended").put("participant", participant.toString());
      case Event.Resumed(var participant) ->
          json.put("event", "resumed").put("participant", participant.toString());
      case Event.Reserved reserved -> put(json, reserved);
      case Event.Released(
              var run,
              var bindings,
              var envelope,
              var answer,
              var sealed,
              var evidence,
              var footprints) -> {
        var kept =
            Json.object()
                .put("envelope", envelope.toJson())
                .put("answer", answer)
                .put("evidence", EvidenceFormat.write(evidence))
                .put("sealed", bytes(sealed));
        if (footprints.size() > 0) {
          kept.put("footprints", footprints);
        }
        beside = Bytes.of(kept.build().canonical());
        json.put("event", "released")
            .put("run", run)
            .put("receipt", bindings)
            .put("beside", Digest.of(beside));
      }
      case Event.Failed(var run, var code) ->
          json.put("event", "failed").put("run", run).putIfPresent("code", code, Json::of);
    }
    return new Event.Encoded(json.build(), beside);
  }

  static Event.Dated decode(Json.Obj content, Bytes beside) {
    var json = content.fields("event");
    Instant at = json.instant("at");
    Event event =
        switch (json.string("event", 32)) {
          case "opened" ->
              new Event.Opened(
                  SignedDocument.read(json.object("document")),
                  json.bytesOfSize("secret", 32),
                  json.bytes("authority", 8192));
          case "proposed" -> new Event.Proposed(SignedDocument.read(json.object("document")));
          case "signed" ->
              new Event.Signed(
                  json.digest("document"), name(json), json.bytesOfSize("signature", 64));
          case "enrolled" -> new Event.Enrolled(name(json), json.bytes("certificate", 8192));
          case "applied" -> new Event.Applied(SignedDocument.read(json.object("document")));
          case "published" ->
              new Event.Published(
                  json.parsed("dataset", 256, Address::parse),
                  json.digest("version"),
                  json.digest("schema"),
                  json.count("parts", 0, Integer.MAX_VALUE),
                  json.bytesOfSize("key", 32),
                  json.optional("source", (in, name) -> source(in.object(name))));
          case "expired" ->
              new Event.Expired(
                  json.parsed("dataset", 256, Address::parse), json.digest("version"));
          case "suspended" -> new Event.Suspended(name(json));
          case "resumed" -> new Event.Resumed(name(json));
          case "reserved" -> reserved(json);
          case "released" -> released(json, beside);
          case "failed" ->
              new Event.Failed(
                  json.string("run", 64), json.optional("code", (in, name) -> in.string(name, 64)));
          default -> throw json.bad("event", "is none that this version knows");
        };
    json.noOther();
    return new Event.Dated(at, event);
  }

  private static Json.Obj encode(Event.Source source) {
    return Json.object()
        .put("upload", source.upload())
        .put("report", source.report().toJson())
        .build();
  }

  private static Event.Source source(Json.Fields json) {
    var source =
        new Event.Source(json.string("upload", 32), Reply.Report.read(json.object("report")));
    json.noOther();
    return source;
  }

  private static Event.Released released(Json.Fields json, Bytes beside) {
    if (!json.digest("beside").equals(Digest.of(beside))) {
      throw json.bad("beside", "is not what lies beside the event");
    }
    var kept = Json.parseFields(beside.toArray(), MAX_BYTES, "event");
    var released =
        new Event.Released(
            json.string("run", 64),
            json.object("receipt").json(),
            DsseEnvelope.read(kept.object("envelope")),
            kept.bytes("answer", MAX_BYTES),
            sealed(kept.object("sealed")),
            EvidenceFormat.read(kept, "evidence"),
            kept.optional("footprints", (in, name) -> in.bytes(name, MAX_BYTES)).orElse(NOTHING));
    kept.noOther();
    return released;
  }

  private static Name name(Json.Fields json) {
    return json.parsed("participant", 64, Name::new);
  }

  private static Json.Obj bytes(Map<Name, Bytes> values) {
    var json = Json.object();
    new TreeMap<>(values).forEach((name, value) -> json.put(name.toString(), value));
    return json.build();
  }

  private static Map<Name, Bytes> sealed(Json.Fields json) {
    Map<Name, Bytes> values = new HashMap<>();
    for (String key : json.keys(Collaboration.MOST_PARTICIPANTS)) {
      values.put(new Name(key), json.bytes(key, MAX_BYTES));
    }
    return values;
  }

  private static void put(Json.Builder json, Event.Reserved reserved) {
    var charges = Json.object();
    new TreeMap<>(reserved.charges())
        .forEach((dataset, charge) -> charges.put(dataset.toString(), encode(charge)));
    json.put("event", "reserved")
        .put("run", reserved.run())
        .put("request", reserved.request())
        .put("requester", reserved.requester().toString())
        .put("analysis", reserved.analysis().toString())
        .put("document", reserved.document())
        .put("purpose", reserved.purpose().term())
        .put("recipients", new TreeSet<>(reserved.recipients()))
        .put("question", reserved.question())
        .put("reservation", reserved.reservation())
        .put("datasets", new TreeSet<>(reserved.datasets()))
        .put("charges", charges.build());
  }

  private static Event.Reserved reserved(Json.Fields json) {
    Map<Address, Charge> charges = new HashMap<>();
    var written = json.object("charges");
    for (String dataset : written.keys(1024)) {
      charges.put(Address.parse(dataset), charge(written.object(dataset)));
    }
    return new Event.Reserved(
        json.string("run", 64),
        json.bytes("request", MAX_BYTES),
        json.parsed("requester", 64, Name::new),
        json.parsed("analysis", 256, Address::parse),
        json.digest("document"),
        json.oneOf("purpose", Purpose::byTerm),
        json.strings("recipients", Collaboration.MOST_PARTICIPANTS, 64).stream()
            .map(Name::new)
            .collect(Collectors.toUnmodifiableSet()),
        json.digest("question"),
        json.string("reservation", 64),
        json.strings("datasets", 1024, 256).stream()
            .map(Address::parse)
            .collect(Collectors.toUnmodifiableSet()),
        charges);
  }

  private static Json.Obj encode(Charge charge) {
    return Json.object()
        .put("epsilon", charge.epsilon().toPlainString())
        .put("delta", charge.delta().toPlainString())
        .put("rho", charge.rho().toPlainString())
        .put("threshold-delta", charge.thresholdDelta().toPlainString())
        .build();
  }

  private static Charge charge(Json.Fields json) {
    var charge =
        new Charge(
            json.parsed("epsilon", 128, BigDecimal::new),
            json.parsed("delta", 128, BigDecimal::new),
            json.parsed("rho", 128, BigDecimal::new),
            json.parsed("threshold-delta", 128, BigDecimal::new));
    json.noOther();
    return charge;
  }
}
