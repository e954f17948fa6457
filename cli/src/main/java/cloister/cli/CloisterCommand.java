package cloister.cli;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.InvalidDocument;
import cloister.protocol.Json;
import cloister.protocol.Mistake;
import cloister.protocol.Spelling;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The root of all verbs: parses the command line, runs the verb, and turns every failure into one
/// message and an exit code.
@Command(
    name = "cloister",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = CloisterCommand.Version.class,
    synopsisSubcommandLabel = "VERB",
    sortOptions = false,
    headerHeading = "",
    synopsisHeading = "",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%n",
    commandListHeading = "%nVerbs:%n",
    footerHeading = "%n",
    description = {
      "Combine data with others without handing it over: seal it to code that everybody can verify,",
      "ask what everybody's terms allow, and get answers that carry their proof."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:done",
      " 1:a fault of Cloister, or a promise of `rehearse` or `demo` does not hold",
      " 2:the input is wrong, and the message says what to correct",
      " 3:a rule or a security check said no, `explain` would hear no, or `terms import` lost something;"
          + " repeating changes nothing",
      " 4:something ran out or was away; the same may succeed later",
      " 130:interrupted"
    })
final class CloisterCommand {
  private static final int INTERRUPTED = 130;

  /// Read by picocli, which fills it in before any verb runs.
  @SuppressWarnings("UnusedVariable")
  @Mixin
  private final Options options;

  private CloisterCommand(Options options) {
    this.options = options;
  }

  /// Runs a command line and returns its exit code.
  static int run(Terminal terminal, String... arguments) {
    var options = new Options(terminal);
    var verbs = verbs();
    // Picocli reads the annotations of every verb that it is given, which takes as long as many a
    // verb does: a line that begins with one needs no other.
    if (arguments.length > 0 && verbs.containsKey(arguments[0])) {
      verbs.keySet().retainAll(Set.of(arguments[0]));
    }
    int exitCode = commandLine(options, verbs).execute(arguments);
    return terminal.isComplete() ? exitCode : cutOff(options, exitCode);
  }

  /// A program that reads half an answer must not take it for the whole.
  private static int cutOff(Options options, int exitCode) {
    ErrorCode code = ErrorCode.OUTPUT_INCOMPLETE;
    say(options.terminal(), code.label(), code.meaning(), code.remedy());
    return exitCode == CommandLine.ExitCode.OK ? code.kind().exitCode() : exitCode;
  }

  /// All verbs, with their help.
  static CommandLine commandLine(Options options) {
    return commandLine(options, verbs());
  }

  private static SequencedMap<String, Function<Options, Object>> verbs() {
    var verbs = new LinkedHashMap<String, Function<Options, Object>>();
    verbs.put("init", Init::new);
    verbs.put("key", Key::new);
    verbs.put("attest", Attest::new);
    verbs.put("apply", Apply::new);
    verbs.put("sign", Sign::new);
    verbs.put("status", Status::new);
    verbs.put("publish", Publish::new);
    verbs.put("explain", Explain::new);
    verbs.put("run", Run::new);
    verbs.put("result", Result::new);
    verbs.put("budget", Budget::new);
    verbs.put("suspend", Suspend::new);
    verbs.put("resume", Resume::new);
    verbs.put("terms", options -> new Group.Terms().with(new TermsImport(options)));
    verbs.put("receipt", options -> new Group.Receipt().with(new ReceiptVerify(options)));
    verbs.put("ledger", options -> new Group.Ledger().with(new LedgerCheck(options)));
    verbs.put(
        "evidence",
        options ->
            new Group.Evidence()
                .with(
                    new EvidenceFetch(options),
                    new EvidenceShow(options),
                    new EvidenceVerify(options)));
    verbs.put(
        "policy",
        options ->
            new Group.Policy()
                .with(
                    new PolicyExplain(options),
                    new PolicyDiff(options),
                    new PolicyAdd(options),
                    new PolicyRequire(options),
                    new PolicyList(options),
                    new PolicyDrop(options)));
    verbs.put(
        "collateral",
        options ->
            new Group.Collateral()
                .with(
                    new CollateralFetch(options),
                    new CollateralShow(options),
                    new CollateralImport(options),
                    new CollateralExport(options)));
    verbs.put(
        "enclave",
        options ->
            new Group.Enclave().with(new EnclaveServe(options), new EnclaveMeasurement(options)));
    verbs.put("rehearse", Rehearse::new);
    verbs.put("demo", Demo::new);
    verbs.put("completion", Completion::new);
    return verbs;
  }

  private static CommandLine commandLine(
      Options options, SequencedMap<String, Function<Options, Object>> verbs) {
    var line = new CommandLine(new CloisterCommand(options));
    verbs.forEach((name, verb) -> line.addSubcommand(name, verb.apply(options)));

    line.setOut(options.terminal().writer());
    line.setUsageHelpWidth(100);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.setExecutionExceptionHandler((failure, at, _) -> failed(options, at, failure));
    line.setParameterExceptionHandler(
        (failure, arguments) -> misused(options, mistyped(failure, arguments).orElse(failure)));
    return line;
  }

  private static int failed(Options options, CommandLine at, Exception failure) {
    if (isEnding()) {
      return INTERRUPTED;
    }
    return switch (failure) {
      case CloisterException known -> report(options, known);
      case InterruptedException _ -> INTERRUPTED;
      case ParameterException wrong -> misused(options, wrong);
      default -> crashed(options, at, failure);
    };
  }

  /// Whether this process is going down, of Ctrl-C most likely: what fails then fails of that.
  private static boolean isEnding() {
    var probe = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(probe);
      Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException _) {
      return true;
    }
  }

  private static int report(Options options, CloisterException failure) {
    ErrorCode code = failure.code();
    print(
        options,
        code.label(),
        options.proposed(failure.getMessage(), options.terminal().ink()),
        code.remedy(),
        code.kind().exitCode(),
        failure instanceof InvalidDocument invalid ? invalid.mistakes() : List.of());
    return code.kind().exitCode();
  }

  private static int misused(Options options, ParameterException failure) {
    String verb = failure.getCommandLine().getCommandSpec().qualifiedName();
    print(
        options,
        ErrorCode.PARAMETER_INVALID.label(),
        failure.getMessage() + suggestion(failure),
        "See `" + verb + " --help`.",
        ErrorCode.Kind.USER.exitCode(),
        List.of());
    return ErrorCode.Kind.USER.exitCode();
  }

  /// Whoever mistypes an option that has to be there is told of that, not that it is missing.
  private static Optional<ParameterException> mistyped(
      ParameterException failure, String[] arguments) {
    if (!(failure instanceof MissingParameterException)) {
      return Optional.empty();
    }
    CommandLine at = failure.getCommandLine();
    Set<String> known =
        at.getCommandSpec().options().stream()
            .flatMap(option -> Arrays.stream(option.names()))
            .collect(Collectors.toSet());
    return Arrays.stream(arguments)
        .takeWhile(argument -> !argument.equals("--"))
        .filter(argument -> argument.startsWith("--"))
        .map(argument -> argument.replaceFirst("=.*", ""))
        .filter(option -> !known.contains(option))
        .findFirst()
        .map(option -> new UnmatchedArgumentException(at, List.of(option)));
  }

  private static String suggestion(ParameterException failure) {
    if (!(failure instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return "";
    }
    String typed = unmatched.getUnmatched().getFirst();
    CommandLine at = failure.getCommandLine();
    List<String> known =
        typed.startsWith("-")
            ? at.getCommandSpec().options().stream()
                .flatMap(option -> Arrays.stream(option.names()))
                .toList()
            : List.copyOf(at.getSubcommands().keySet());
    return Spelling.nearest(typed, known)
        .map(nearest -> "; did you mean `" + nearest + "`?")
        .orElse("");
  }

  /// A bug. Its trace goes to the person, on whose machine it happened, and nowhere else.
  private static int crashed(Options options, CommandLine at, Exception failure) {
    var trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    options.terminal().say(trace.toString().stripTrailing());
    print(
        options,
        ErrorCode.INTERNAL.label(),
        "`" + at.getCommandSpec().qualifiedName() + "` failed: " + ErrorCode.INTERNAL.meaning(),
        "Report it with the lines above, after reading them: they may name files of yours.",
        ErrorCode.Kind.INTERNAL.exitCode(),
        List.of());
    return ErrorCode.Kind.INTERNAL.exitCode();
  }

  private static void print(
      Options options,
      String code,
      String message,
      String remedy,
      int exitCode,
      List<Mistake> mistakes) {
    Terminal terminal = options.terminal();
    if (options.json()) {
      terminal.result(
          Json.object()
              .put("error", json(code, message, remedy, exitCode, mistakes))
              .build()
              .pretty());
      return;
    }
    say(terminal, code, message, remedy);
  }

  private static void say(Terminal terminal, String code, String message, String remedy) {
    var lines = new ArrayList<String>();
    Stream.of(message.split("\n", -1)).forEach(lines::add);
    terminal.say(terminal.ink().bad("error:") + " " + lines.getFirst());
    lines.stream().skip(1).map(line -> "  " + line).forEach(terminal::say);
    terminal.say(terminal.ink().faint("  " + remedy + " [" + code + "]"));
  }

  /// The error, for a verb that has more to say in the same object.
  static Json json(CloisterException failure) {
    ErrorCode code = failure.code();
    return json(
        code.label(),
        String.valueOf(failure.getMessage()),
        code.remedy(),
        code.kind().exitCode(),
        List.of());
  }

  private static Json json(
      String code, String message, String remedy, int exitCode, List<Mistake> mistakes) {
    return Json.object()
        .put("code", code)
        .put("exit", exitCode)
        .put("message", message)
        .putIfPresent(
            "mistakes",
            Optional.of(mistakes).filter(some -> !some.isEmpty()),
            CloisterCommand::json)
        .put("remedy", remedy)
        .build();
  }

  private static Json json(List<Mistake> mistakes) {
    return Json.array(
        mistakes.stream()
            .map(mistake ->
                Json.object()
                    .put("file", mistake.file())
                    .put("line", mistake.line())
                    .put("column", mistake.column())
                    .put("message", mistake.message())
                    .build())
            .toList());
  }

  /// The version that the build wrote into the jar.
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = CloisterCommand.class.getPackage().getImplementationVersion();
      return new String[] {
        "cloister " + (version == null ? "of this source tree" : version),
        "Java " + Runtime.version()
      };
    }
  }
}
