package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Name;
import cloister.room.Purpose;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The JSON of [Command]s.
final class Commands {
  private static final int MAX_KEY_BYTES = 4096;

  private Commands() {}

  static Json.Obj encode(Command command) {
    return switch (command) {
      case Command.Propose(var document) ->
          named("propose").put("document", document.toJson()).build();
      case Command.Sign(var digest, var signature) ->
          named("sign").put("document", digest).put("signature", signature).build();
      case Command.Enrol(var request) -> named("enrol").put("request", request).build();
      case Command.Apply(var documents) ->
          named("apply")
              .put("documents", Json.array(documents.stream().map(SignedDocument::toJson).toList()))
              .build();
      case Command.Status() -> named("status").build();
      case Command.OpenUpload upload -> encode(upload);
      case Command.CommitUpload(var upload) -> named("upload-commit").put("upload", upload).build();
      case Command.Explain(var request) -> run("explain", request);
      case Command.Run(var request) -> run("run", request);
      case Command.Result(var run) -> named("result").put("run", run).build();
      case Command.Runs() -> named("runs").build();
      case Command.Budget() -> named("budget").build();
      case Command.Suspend() -> named("suspend").build();
      case Command.Resume() -> named("resume").build();
    };
  }

  static Command decode(Json.Fields json) {
    Command command =
        switch (json.string("name", 32)) {
          case "propose" -> new Command.Propose(SignedDocument.read(json.object("document")));
          case "sign" ->
              new Command.Sign(json.digest("document"), json.bytesOfSize("signature", 64));
          case "enrol" -> new Command.Enrol(json.bytes("request", MAX_KEY_BYTES));
          case "apply" ->
              new Command.Apply(
                  json.objects("documents", Limits.DOCUMENTS).stream()
                      .map(SignedDocument::read)
                      .toList());
          case "status" -> new Command.Status();
          case "upload-open" -> openUpload(json);
          case "upload-commit" -> new Command.CommitUpload(uploadId(json));
          case "explain" -> new Command.Explain(runRequest(json));
          case "run" -> new Command.Run(runRequest(json));
          case "result" -> new Command.Result(json.string("run", 64));
          case "runs" -> new Command.Runs();
          case "budget" -> new Command.Budget();
          case "suspend" -> new Command.Suspend();
          case "resume" -> new Command.Resume();
          default -> throw json.bad("name", "is no command of this version");
        };
    json.noOther();
    return command;
  }

  private static Json.Builder named(String name) {
    return Json.object().put("name", name);
  }

  private static Json.Obj encode(Command.OpenUpload upload) {
    return named("upload-open")
        .put("upload", upload.upload())
        .put("dataset", upload.dataset().toString())
        .put("document", upload.document())
        .put("schema", upload.schema())
        .put("parts", Json.array(upload.parts().stream().map(Json::of).toList()))
        .put("key", upload.wrappedKey())
        .put("bad-rows", upload.badRows())
        .build();
  }

  private static Command.OpenUpload openUpload(Json.Fields json) {
    List<Long> parts =
        json.array("parts", Limits.UPLOAD_PARTS).stream()
            .map(part -> {
              if (part instanceof Json.Num(var bytes)
                  && bytes.scale() <= 0
                  && bytes.signum() > 0
                  && bytes.longValue() <= Limits.UPLOAD_PART_BYTES) {
                return bytes.longValue();
              }
              throw json.bad("parts", "has a size out of range");
            })
            .toList();
    return new Command.OpenUpload(
        uploadId(json),
        json.parsed("dataset", 256, Address::parse),
        json.digest("document"),
        json.digest("schema"),
        parts,
        json.bytes("key", MAX_KEY_BYTES),
        json.integer("bad-rows", 0, 1L << 40));
  }

  private static String uploadId(Json.Fields json) {
    String id = json.string("upload", 32);
    if (!id.matches("[0-9a-f]{32}")) {
      throw json.bad("upload", "is not 32 hex digits");
    }
    return id;
  }

  private static Json.Obj run(String name, RunRequest request) {
    var json = named(name);
    switch (request.subject()) {
      case Subject.Named(var analysis) -> json.put("analysis", analysis.toString());
      case Subject.AdHoc(var document) -> json.put("document", document);
    }
    return json.putIfPresent("purpose", request.purpose(), purpose -> Json.of(purpose.term()))
        .putIfPresent(
            "recipients", request.recipients(), names -> Json.strings(new TreeSet<>(names)))
        .build();
  }

  private static RunRequest runRequest(Json.Fields json) {
    if (json.has("analysis") == json.has("document")) {
      throw json.bad("analysis", "or document: exactly one of the two says what to run");
    }
    Subject subject =
        json.has("analysis")
            ? new Subject.Named(json.parsed("analysis", 256, Address::parse))
            : new Subject.AdHoc(json.bytes("document", Limits.DOCUMENT_BYTES));
    Optional<Purpose> purpose =
        json.optional("purpose", (in, name) -> in.oneOf(name, Purpose::byTerm));
    return new RunRequest(
        subject,
        purpose,
        json.optional(
            "recipients", (in, name) -> names(in, name, Collaboration.MOST_PARTICIPANTS)));
  }

  static Set<Name> names(Json.Fields json, String field, int most) {
    try {
      return json.strings(field, most, 63).stream()
          .map(Name::new)
          .collect(Collectors.toUnmodifiableSet());
    } catch (IllegalArgumentException e) {
      throw json.bad(field, "has an element that is no name");
    }
  }

  static Bytes canonical(Json json) {
    return Bytes.of(json.canonical());
  }
}
