package cloister.client;

import cloister.crypto.Digest;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Name;
import java.util.List;
import java.util.SortedSet;

/// How a collaboration stands, as a participant may see it.
///
/// @param active whether a version is in force
public record Standing(
    Name name,
    boolean active,
    SortedSet<String> suspendedBy,
    List<Member> participants,
    List<Lent> documents,
    List<Reply.RunLine> runs,
    boolean simulated) {
  public Standing {
    participants = List.copyOf(participants);
    documents = List.copyOf(documents);
    runs = List.copyOf(runs);
  }

  /// @param signed whether it signed the newest version
  public record Member(Name name, Digest key, boolean signed, boolean enrolled, boolean you) {}

  /// @param data when it was published and until when it may be used; empty for an analysis
  public record Lent(Address address, Digest digest, String data) {}

  public Json.Obj json() {
    return Json.object()
        .put("collaboration", name.value())
        .put("active", active)
        .put("suspendedBy", suspendedBy)
        .put(
            "participants",
            Json.array(
                participants.stream()
                    .map(member ->
                        Json.object()
                            .put("name", member.name().value())
                            .put("key", member.key())
                            .put("signed", member.signed())
                            .put("enrolled", member.enrolled())
                            .put("you", member.you())
                            .build())
                    .toList()))
        .put(
            "documents",
            Json.array(
                documents.stream()
                    .map(each ->
                        Json.object()
                            .put("address", each.address().toString())
                            .put("digest", each.digest())
                            .put("data", each.data())
                            .build())
                    .toList()))
        .put(
            "runs",
            Json.array(
                runs.stream()
                    .map(run ->
                        Json.object()
                            .put("run", run.run())
                            .put("requester", run.requester().value())
                            .put("analysis", run.analysis().toString())
                            .put("purpose", run.purpose().term())
                            .put("at", run.at())
                            .put("state", run.state().label())
                            .build())
                    .toList()))
        .put("simulated", simulated)
        .build();
  }
}
