package cloister.room;

import static cloister.room.Sample.agreement;
import static cloister.room.Sample.all;
import static cloister.room.Sample.analysis;
import static cloister.room.Sample.at;
import static cloister.room.Sample.dataset;
import static cloister.room.Sample.joinRequired;
import static cloister.room.Sample.name;
import static cloister.room.Sample.names;
import static cloister.room.Sample.plain;
import static cloister.room.Sample.request;
import static cloister.room.Sample.rule;
import static cloister.room.Sample.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.room.Verdict.Approval;
import cloister.room.Verdict.Cause;
import cloister.room.Verdict.Denied;
import cloister.room.Verdict.NeedsApproval;
import cloister.room.Verdict.Permitted;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DecisionTest {
  private static final String OVERLAP = "/research/analysis/overlap";
  private static final String CUSTOMERS = "/airline/dataset/customers";
  private static final String VIEWERS = "/media/dataset/viewers";

  private static Agreement overlap(Rule airline, Rule media) {
    return agreement("airline", "media", "research")
        .with(dataset(CUSTOMERS, airline))
        .with(dataset(VIEWERS, media))
        .with(analysis(OVERLAP, Set.of(CUSTOMERS, VIEWERS)));
  }

  private static Rule open(String name, String... recipients) {
    return rule(name, names("research"), Set.of(all("research")), names(recipients));
  }

  private static final Agreement ROOM =
      overlap(open("lend", "research", "media"), open("lend", "research", "media", "airline"));

  @Test
  void permitsWhatEveryOwnersTermsPermitAndNamesTheRules() {
    var permitted =
        (Permitted) ROOM.decide(request(ROOM, "research", OVERLAP, "research", "media"));

    assertThat(permitted.obligations()).containsOnlyKeys(at(CUSTOMERS), at(VIEWERS));
    assertThat(permitted.trace())
        .extracting(Verdict.Step::at)
        .containsExactly(at(CUSTOMERS), at(VIEWERS));
    assertThat(permitted.noise()).isEmpty();
  }

  @Test
  void deniesARecipientAndSuggestsTheOthers() {
    var denied =
        (Denied) ROOM.decide(request(ROOM, "research", OVERLAP, "research", "airline", "media"));

    assertThat(denied.at()).isEqualTo(at(CUSTOMERS));
    assertThat(denied.rule()).contains(name("lend"));
    assertThat(denied.path()).containsExactly(at(OVERLAP), at(CUSTOMERS));
    assertThat(denied.reason())
        .isEqualTo(
            "rule lend comes nearest: its recipients [media, research] do not include [airline]");
    assertThat(denied.suggestion().orElseThrow().changes())
        .containsExactly("with recipients [media, research]");
  }

  @Test
  void anAnswerIsProposedToItsOwnReadersRatherThanToOthers() {
    for (String stranger : List.of("airline", "lba")) {
      var denied = (Denied) ROOM.decide(request(ROOM, "research", OVERLAP, stranger));
      assertThat(denied.suggestion().orElseThrow().changes())
          .containsExactly("with recipients [research]");
    }
  }

  @Test
  void suggestsAPurposeThatPasses() {
    var asked = withPurpose(request(ROOM, "research", OVERLAP, "research"), Purpose.ADVERTISING);

    var denied = (Denied) ROOM.decide(asked);

    assertThat(denied.cause()).isEqualTo(Cause.TERMS);
    assertThat(denied.suggestion().orElseThrow().request().purpose())
        .isEqualTo(Purpose.RESEARCH_AND_DEVELOPMENT);
  }

  @Test
  void aPurposeOutsideTheCollaborationIsDenied() {
    var asked = withPurpose(request(ROOM, "research", OVERLAP, "research"), Purpose.PURPOSE);

    assertThat(((Denied) ROOM.decide(asked)).cause()).isEqualTo(Cause.PURPOSE);
  }

  @Test
  void aSuspendedCollaborationDeniesEverythingAndSuggestsNothing() {
    var suspended =
        new Agreement(
            ROOM.collaboration(), ROOM.datasets(), ROOM.analyses(), Optional.of(name("media")));
    var asked = request(ROOM, "research", OVERLAP, "research");

    var denied = (Denied) suspended.decide(asked);

    assertThat(denied.cause()).isEqualTo(Cause.SUSPENDED);
    assertThat(denied.suggestion()).isEmpty();
    assertThat(ROOM.decide(asked)).isInstanceOf(Permitted.class);
  }

  @Test
  void strangersNeitherAskNorReceive() {
    assertThat(((Denied) ROOM.decide(request(ROOM, "mallory", OVERLAP, "research"))).cause())
        .isEqualTo(Cause.PARTICIPANT);
    assertThat(
            ((Denied) ROOM.decide(request(ROOM, "research", OVERLAP, "research", "mallory")))
                .cause())
        .isEqualTo(Cause.PARTICIPANT);
    assertThat(((Denied) ROOM.decide(request(ROOM, "research", OVERLAP))).cause())
        .isEqualTo(Cause.PARTICIPANT);
  }

  @Test
  void anOwnerWhoLeftLendsNothingMore() {
    var left =
        new Agreement(
            agreement("airline", "research").collaboration(),
            ROOM.datasets(),
            ROOM.analyses(),
            Optional.empty());

    var denied = (Denied) left.decide(request(left, "research", OVERLAP, "research"));

    assertThat(denied.cause()).isEqualTo(Cause.PARTICIPANT);
    assertThat(denied.at()).isEqualTo(at(VIEWERS));
  }

  @Test
  void aMissingInputIsDeniedAndNamed() {
    var gap =
        agreement("airline", "media", "research")
            .with(dataset(CUSTOMERS, open("lend", "research", "media")))
            .with(analysis(OVERLAP, Set.of(CUSTOMERS, VIEWERS)));

    var denied = (Denied) gap.decide(request(gap, "research", OVERLAP, "research"));

    assertThat(denied.cause()).isEqualTo(Cause.MISSING);
    assertThat(denied.path()).containsExactly(at(OVERLAP), at(VIEWERS));
    assertThat(
            ((Denied) gap.decide(request(gap, "research", "/research/analysis/x", "research")))
                .cause())
        .isEqualTo(Cause.MISSING);
  }

  @Test
  void anAnalysisThatReadsNothingIsDenied() {
    var agreement = agreement("research").with(analysis(OVERLAP, Set.of()));

    assertThat(
            ((Denied) agreement.decide(request(agreement, "research", OVERLAP, "research")))
                .cause())
        .isEqualTo(Cause.MISSING);
  }

  @Test
  void aPlanThatReadsMoreOrLessThanTheDocumentsIsDenied() {
    var asked = request(ROOM, "research", OVERLAP, "research");
    Map<Address, Map<ColumnName, Set<Use>>> more = new TreeMap<>(asked.uses());
    more.put(at("/media/dataset/secret"), Map.of());
    Map<Address, Map<ColumnName, Set<Use>>> less = new TreeMap<>(asked.uses());
    less.remove(at(VIEWERS));

    assertThat(((Denied) ROOM.decide(withUses(asked, more))).cause()).isEqualTo(Cause.PLAN);
    assertThat(((Denied) ROOM.decide(withUses(asked, less))).cause()).isEqualTo(Cause.PLAN);
  }

  @Test
  void aColumnOutOfReachIsDeniedAndTheSuggestionLeavesItOut() {
    var asked = request(ROOM, "research", OVERLAP, "research");
    Map<Address, Map<ColumnName, Set<Use>>> uses = new TreeMap<>(asked.uses());
    uses.put(
        at(CUSTOMERS),
        Map.of(
            new ColumnName("zip"), Set.of(Use.GROUP),
            new ColumnName("notes"), Set.of(Use.FILTER)));

    var denied = (Denied) ROOM.decide(withUses(asked, uses));

    assertThat(denied.cause()).isEqualTo(Cause.COLUMN);
    assertThat(denied.reason()).contains("notes", "nothing", "filter");
    assertThat(denied.suggestion().orElseThrow().changes())
        .containsExactly("without column notes of " + CUSTOMERS + " for filter");
  }

  @Test
  void aColumnNobodyDeclaredIsDenied() {
    var asked = request(ROOM, "research", OVERLAP, "research");
    Map<Address, Map<ColumnName, Set<Use>>> uses = new TreeMap<>(asked.uses());
    uses.put(at(CUSTOMERS), Map.of(new ColumnName("ghost"), Set.of()));

    assertThat(((Denied) ROOM.decide(withUses(asked, uses))).cause()).isEqualTo(Cause.COLUMN);
  }

  @Test
  void aRequiredJoinIsRequiredWithAnotherParticipant() {
    var strict = lend(joinRequired());
    var room = overlap(strict, open("lend", "research"));
    var asked = request(room, "research", OVERLAP, "research");
    var alone = withJoined(asked, Set.of());
    var own =
        room.with(dataset("/airline/dataset/other", strict))
            .with(analysis(OVERLAP, Set.of(CUSTOMERS, "/airline/dataset/other")));

    assertThat(room.decide(asked)).isInstanceOf(Permitted.class);
    var denied = (Denied) room.decide(alone);
    assertThat(denied.cause()).isEqualTo(Cause.JOIN);
    assertThat(denied.suggestion().orElseThrow().request().joined()).containsExactly(at(CUSTOMERS));
    // The plan claims a join, but there is nobody else's data in it.
    assertThat(((Denied) own.decide(request(own, "research", OVERLAP, "research"))).cause())
        .isEqualTo(Cause.JOIN);
  }

  private static Rule lend(Obligations obligations) {
    return rule(
        "lend",
        names("research"),
        Set.of(all("research")),
        Purpose.RESEARCH_AND_DEVELOPMENT,
        names("research"),
        obligations);
  }

  @Test
  void aPinnedVersionNeedsApprovalUntilItIsListed() {
    var stale = overlap(pinned(version("something older")), open("lend", "research"));
    var listed = overlap(pinned(version(OVERLAP)), open("lend", "research"));

    assertThat(stale.decide(request(stale, "research", OVERLAP, "research")))
        .isEqualTo(
            new NeedsApproval(
                new java.util.TreeSet<>(
                    Set.of(
                        new Approval(
                            name("airline"), at(CUSTOMERS), at(OVERLAP), version(OVERLAP))))));
    assertThat(listed.decide(request(listed, "research", OVERLAP, "research")))
        .isInstanceOf(Permitted.class);
  }

  private static Rule pinned(cloister.crypto.Digest version) {
    return rule(
        "reviewed",
        names("research"),
        Set.of(new AnalysisPattern.Version(version)),
        names("research"));
  }

  @Test
  void aDenialElsewhereOutweighsAnApproval() {
    var room = overlap(pinned(version("something older")), open("lend", "media"));

    var denied = (Denied) room.decide(request(room, "research", OVERLAP, "research"));

    assertThat(denied.at()).isEqualTo(at(VIEWERS));
  }

  @Test
  void anySqlMeansTheAnalystsOwnAnalysesOnly() {
    var any =
        rule("any", names("research"), Set.of(new AnalysisPattern.AnySql()), names("research"));
    var room = overlap(any, any);
    var foreign =
        room.with(analysis("/media/analysis/base", Set.of(CUSTOMERS), open("build", "research")))
            .with(analysis(OVERLAP, Set.of("/media/analysis/base", VIEWERS)));

    assertThat(room.decide(request(room, "research", OVERLAP, "research")))
        .isInstanceOf(Permitted.class);
    var denied = (Denied) foreign.decide(request(foreign, "research", OVERLAP, "research"));
    assertThat(denied.at()).isEqualTo(at(CUSTOMERS));
    assertThat(denied.reason()).contains("/media/analysis/base");
  }

  @Test
  void whatAnAnalysisOwnerAsksBindsEveryDatasetBelow() {
    var strict = new Obligations(false, 50, java.util.Optional.empty(), java.util.Optional.empty());
    var any =
        rule("any", names("research"), Set.of(all("research"), all("media")), names("research"));
    var room =
        overlap(any, any)
            .with(
                analysis(
                    "/media/analysis/base",
                    Set.of(CUSTOMERS),
                    rule(
                        "build",
                        names("research"),
                        Set.of(all("research")),
                        Purpose.RESEARCH_AND_DEVELOPMENT,
                        names("research"),
                        strict)))
            .with(analysis(OVERLAP, Set.of("/media/analysis/base", VIEWERS)));

    var permitted = (Permitted) room.decide(request(room, "research", OVERLAP, "research"));

    assertThat(permitted.obligations().get(at(CUSTOMERS))).isEqualTo(strict);
    assertThat(permitted.obligations().get(at(VIEWERS))).isEqualTo(plain());
  }

  @Test
  void askingForOneMoreRecipientDoesNotShakeOffAnObligation() {
    var forMedia = open("loose", "research", "media");
    var agreement =
        overlap(forMedia, forMedia)
            .with(
                dataset(
                    CUSTOMERS,
                    forMedia,
                    rule(
                        "strict",
                        names("research"),
                        Set.of(all("research")),
                        Purpose.RESEARCH_AND_DEVELOPMENT,
                        names("research"),
                        joinRequired())));

    for (var recipients : new String[][] {{"research"}, {"research", "media"}}) {
      var alone = withJoined(request(agreement, "research", OVERLAP, recipients), Set.of());
      assertThat(((Denied) agreement.decide(alone)).cause()).isEqualTo(Cause.JOIN);
    }
  }

  @Test
  void documentsThatNameStrangersAreNotAdmitted() {
    assertThatThrownBy(() -> ROOM.with(dataset(CUSTOMERS, open("lend", "mallory"))))
        .isInstanceOf(StrangerException.class)
        .hasMessage("the recipient of rule lend, mallory, is no participant of room");
    assertThatThrownBy(() -> ROOM.with(dataset("/mallory/dataset/bait")))
        .isInstanceOf(StrangerException.class);
    assertThatThrownBy(() -> ROOM.with(analysis(OVERLAP, Set.of("/mallory/dataset/bait"))))
        .isInstanceOf(StrangerException.class);
    assertThatThrownBy(() ->
            ROOM.with(
                dataset(
                    CUSTOMERS,
                    rule("r", names("research"), Set.of(all("mallory")), names("research")))))
        .hasMessageContaining("/mallory/analysis/*");
  }

  private static Request withPurpose(Request request, Purpose purpose) {
    return new Request(
        request.requester(),
        request.analysis(),
        purpose,
        request.recipients(),
        request.uses(),
        request.joined());
  }

  private static Request withUses(Request request, Map<Address, Map<ColumnName, Set<Use>>> uses) {
    return new Request(
        request.requester(),
        request.analysis(),
        request.purpose(),
        request.recipients(),
        uses,
        request.joined());
  }

  private static Request withJoined(Request request, Set<Address> joined) {
    return new Request(
        request.requester(),
        request.analysis(),
        request.purpose(),
        request.recipients(),
        request.uses(),
        joined);
  }
}
