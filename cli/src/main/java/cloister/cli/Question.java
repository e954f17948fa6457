package cloister.cli;

import cloister.client.Participant;
import cloister.client.Questions;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.ErrorCode;
import cloister.protocol.Spelling;
import cloister.room.Name;
import cloister.room.Purpose;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What is asked, as `explain` and `run` take it: a signed analysis by name, or SQL in a file.
final class Question {
  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description =
          "A signed analysis: `overlap`, or another participant's `/media/analysis/reach`.")
  private Optional<String> analysis = Optional.empty();

  @Option(
      names = "--sql",
      paramLabel = "FILE",
      description =
          "SQL that is nobody's signed analysis; terms permit it by `any-sql`, or by"
              + " `/YOU/analysis/*`, whose place it takes.")
  private Optional<Path> sql = Optional.empty();

  @Option(
      names = "--for",
      paramLabel = "PURPOSE",
      description = "A W3C DPV term, as ScientificResearch; else the analysis's own.")
  private Optional<String> purpose = Optional.empty();

  @Option(
      names = "--to",
      paramLabel = "NAME,…",
      split = ",",
      description = "Who may read the answer; else the analysis's own recipients.")
  private List<String> recipients = List.of();

  /// Whether anything is named.
  boolean asked() {
    return analysis.isPresent() || sql.isPresent();
  }

  /// Whether recipients are named.
  boolean addressed() {
    return !recipients.isEmpty();
  }

  Optional<Purpose> purpose() {
    return purpose.map(Question::purpose);
  }

  /// Nothing is changed of a signed analysis that is not asked to be.
  RunRequest request(Participant participant) throws InterruptedException {
    if (analysis.isPresent() == sql.isPresent()) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "name an analysis, or give SQL with --sql FILE; one of the two");
    }
    Optional<Set<Name>> to =
        recipients.isEmpty()
            ? Optional.empty()
            : Optional.of(
                recipients.stream()
                    .map(String::strip)
                    .map(Options::name)
                    .collect(Collectors.toUnmodifiableSet()));
    if (to.isPresent()) {
      requireParticipants(to.get(), participant);
    }
    return sql.isPresent()
        ? Questions.adHoc(participant.name(), sql.get(), purpose(), to)
        : Questions.named(participant.name(), analysis.orElseThrow(), purpose(), to);
  }

  /// The terms would refuse a misspelt name too, and could only propose other recipients.
  private static void requireParticipants(Set<Name> names, Participant participant)
      throws InterruptedException {
    List<String> known =
        participant.agreed().participants().keySet().stream().map(Name::value).sorted().toList();
    for (Name name : new TreeSet<>(names)) {
      if (!known.contains(name.value())) {
        throw new CloisterException(
            ErrorCode.PARAMETER_INVALID,
            "--to: "
                + name
                + " is no participant of "
                + participant.collaboration()
                + Spelling.suggestion(name.value(), known));
      }
    }
  }

  static Purpose purpose(String term) {
    return Purpose.byTerm(term)
        .orElseThrow(() ->
            new CloisterException(
                ErrorCode.PURPOSE_UNKNOWN,
                "“"
                    + term
                    + "” is no purpose"
                    + Spelling.suggestion(
                        term, Arrays.stream(Purpose.values()).map(Purpose::term).toList())));
  }
}
