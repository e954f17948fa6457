package cloister.client;

import cloister.crypto.Digest;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Kind;
import cloister.room.Name;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// How a collaboration stands, as a participant may see it.
///
/// @param inForce the version that all have signed, if there is one yet
/// @param pending the version that waits for signatures, if one does
/// @param participants of both
public record Standing(
    Name name,
    Optional<Version> inForce,
    Optional<Pending> pending,
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

  public record Version(int number, Digest digest) {
    static Version of(CollaborationDocument document) {
      return new Version(document.collaboration().version(), document.digest());
    }

    private Json.Builder json() {
      return Json.object().put("version", number).put("digest", digest);
    }
  }

  /// @param missing who has to sign too before it is in force: its own participants, and those of
  ///   the version that it replaces
  public record Pending(Version version, SortedSet<String> signed, SortedSet<String> missing) {}

  /// @param signed whether it signed the newest version
  public record Member(Name name, Digest key, boolean signed, boolean enrolled, boolean you) {}

  /// @param data when it was published and until when it may be used; empty for an analysis
  public record Lent(Address address, Digest digest, String data) {}

  static Standing of(
      Name collaboration,
      Name you,
      Reply.Status status,
      List<Reply.RunLine> runs,
      boolean simulated) {
    Optional<CollaborationDocument> active = status.active().map(Session::collaboration);
    Optional<CollaborationDocument> proposed = status.proposed().map(Session::collaboration);
    var keys = new TreeMap<Name, Digest>();
    active.ifPresent(document -> keys.putAll(document.collaboration().participants()));
    proposed.ifPresent(document -> keys.putAll(document.collaboration().participants()));
    var missing = new TreeSet<>(keys.keySet());
    missing.removeAll(status.signed());
    return new Standing(
        collaboration,
        active.map(Version::of),
        proposed.map(
            document -> new Pending(Version.of(document), names(status.signed()), names(missing))),
        names(status.suspendedBy()),
        keys.entrySet().stream()
            .map(entry ->
                new Member(
                    entry.getKey(),
                    entry.getValue(),
                    proposed.isEmpty() || status.signed().contains(entry.getKey()),
                    status.enrolled().contains(entry.getKey()),
                    entry.getKey().equals(you)))
            .toList(),
        new TreeMap<>(status.documents())
            .entrySet().stream()
                .map(entry ->
                    new Lent(
                        entry.getKey(),
                        entry.getValue().digest(),
                        data(entry.getKey(), status.versions())))
                .toList(),
        runs,
        simulated);
  }

  private static SortedSet<String> names(Collection<Name> names) {
    return names.stream().map(Name::value).collect(Collectors.toCollection(TreeSet::new));
  }

  private static String data(Address address, Map<Address, Reply.Version> versions) {
    if (address.kind() != Kind.DATASET) {
      return "";
    }
    Reply.Version version = versions.get(address);
    return version == null
        ? "none published"
        : version.published().truncatedTo(ChronoUnit.SECONDS)
            + version
                .until()
                .map(until -> ", until " + until.truncatedTo(ChronoUnit.SECONDS))
                .orElse("");
  }

  public Json.Obj json() {
    return Json.object()
        .put("collaboration", name.value())
        .put("active", inForce.isPresent())
        .putIfPresent("inForce", inForce, version -> version.json().build())
        .putIfPresent(
            "pending",
            pending,
            each ->
                each.version()
                    .json()
                    .put("signed", each.signed())
                    .put("missing", each.missing())
                    .build())
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
