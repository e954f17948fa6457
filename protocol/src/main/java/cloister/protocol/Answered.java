package cloister.protocol;

import cloister.crypto.Bytes;
import java.util.Arrays;
import java.util.Optional;

/// What a request came to, and the enclave's newest checkpoint with the proof that it extends the
/// one the client named.
public record Answered(Outcome outcome, Optional<CheckpointProof> proof) {
  /// Replies are padded to a multiple of this, so that their size says little.
  private static final int PADDING_BYTES = 1024;

  public sealed interface Outcome {
    record Ok(Reply reply) implements Outcome {}

    record Refused(ErrorCode code, String message) implements Outcome {}
  }

  /// The reply, or the enclave's refusal as an exception.
  public Reply reply() {
    return switch (outcome) {
      case Outcome.Ok(var reply) -> reply;
      case Outcome.Refused(var code, var message) -> throw new CloisterException(code, message);
    };
  }

  Bytes encode() {
    var json = Json.object();
    switch (outcome) {
      case Outcome.Ok(var reply) -> json.put("ok", Replies.encode(reply));
      case Outcome.Refused(var code, var message) ->
          json.put(
              "error", Json.object().put("code", code.label()).put("message", message).build());
    }
    json.putIfPresent("proof", proof, CheckpointProof::json);
    byte[] plain = json.canonical();
    int padded = (plain.length + PADDING_BYTES - 1) / PADDING_BYTES * PADDING_BYTES;
    byte[] padding = Arrays.copyOf(plain, padded);
    Arrays.fill(padding, plain.length, padded, (byte) ' ');
    return Bytes.of(padding);
  }

  static Answered decode(Bytes plain) {
    var json = Json.parseFields(plain.toArray(), Limits.MESSAGE_BYTES, "reply");
    Outcome outcome;
    if (json.has("ok")) {
      outcome = new Outcome.Ok(Replies.decode(json.object("ok")));
    } else {
      var error = json.object("error");
      outcome =
          new Outcome.Refused(
              error.oneOf("code", ErrorCode::byLabel), error.string("message", 65_536));
      error.noOther();
    }
    var answered =
        new Answered(
            outcome, json.optional("proof", (in, name) -> CheckpointProof.read(in.object(name))));
    json.noOther();
    return answered;
  }
}
