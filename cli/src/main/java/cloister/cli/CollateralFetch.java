package cloister.cli;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Source;
import cloister.client.CollateralFetcher;
import cloister.client.CollateralStore;
import cloister.client.EvidenceCheck;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister collateral fetch`
@Command(
    name = "fetch",
    description = "Get from the vendors what the evidence in a file is verified with.",
    footer = {
      "Examples:",
      "  cloister collateral fetch evidence.json",
      "  cloister collateral fetch quote.bin \\",
      "      --mirror https://api.trustedservices.intel.com=https://pccs:8081 \\",
      "      --mirror 'https://certificates.trustedservices.intel.com=https://pccs:8081/sgx/certification/v4/crl?uri=https://certificates.trustedservices.intel.com'",
      "  cloister collateral fetch quote.bin --dry-run    # what would be asked, and nothing else",
      "",
      "It is kept in your home. `cloister collateral export` writes it to a file for machines without",
      "a network."
    })
final class CollateralFetch extends Verb {
  @Parameters(arity = "1..*", paramLabel = "EVIDENCE", description = "What is to be verified.")
  private List<Path> files;

  @Option(
      names = "--mirror",
      paramLabel = "URL=URL",
      description = "Ask the second instead of what begins with the first.")
  private Map<String, URI> mirrors = new TreeMap<>();

  @Option(
      names = "--part",
      paramLabel = "NAME=FILE",
      description = "A part of the one EVIDENCE that is in a file of its own; repeatable.")
  private Map<String, Path> parts = new TreeMap<>();

  @Option(names = "--dry-run", description = "Only print what would be fetched.")
  private boolean dryRun;

  CollateralFetch(Options options) {
    super(options);
  }

  @Override
  void run() throws InterruptedException {
    if (files.size() > 1 && !parts.isEmpty()) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "--part is of one piece of evidence: name them one by one");
    }
    var sources = new ArrayList<Source>();
    for (Path file : files) {
      sources.addAll(
          EvidenceCheck.parse(file, EvidenceCheck.read(file, EvidenceShow.named(parts))).sources());
    }
    List<Source> distinct = sources.stream().distinct().toList();
    mirrors.values().forEach(CollateralFetch::requireHttp);
    try (var fetcher = new CollateralFetcher(mirrors)) {
      requireMatched(fetcher, distinct);
      if (dryRun) {
        List<String> asked =
            distinct.stream().map(source -> fetcher.address(source).toString()).toList();
        options.print(
            Json.object().put("sources", asked).build(),
            asked.isEmpty() ? List.of("This evidence needs no collateral.") : asked);
        return;
      }
      Collateral found =
          fetcher.fetch(distinct, source -> terminal().say("fetching " + fetcher.address(source)));
      CollateralStore.Added added = options.collateralToAddTo().add(found, Instant.now());
      options.print(
          Json.object()
              .put("fetched", found.items().size())
              .put("new", added.fresh())
              .put("ended", added.ended())
              .build(),
          told(
              "Fetched "
                  + Text.count(found.items().size(), "item")
                  + ", of which "
                  + added.fresh()
                  + (added.fresh() == 1 ? " is new" : " are new"),
              added));
    }
  }

  /// The sentence, and what a home does not keep.
  static List<String> told(String sentence, CollateralStore.Added added) {
    return added.ended() == 0
        ? List.of(sentence + ".")
        : List.of(sentence + "; " + added.ended() + " left out that ended more than 90 days ago.");
  }

  /// A beginning that is mistyped would ask the vendor itself, from where it was not to be asked.
  private static void requireMatched(CollateralFetcher fetcher, List<Source> sources) {
    List<String> unmatched = fetcher.unmatched(sources);
    if (!unmatched.isEmpty()) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "nothing that this evidence needs is at %s; it is at%s"
              .formatted(
                  String.join(", ", unmatched),
                  sources.stream()
                      .map(source -> "\n" + source.url())
                      .collect(Collectors.joining())));
    }
  }

  private static void requireHttp(URI mirror) {
    if (mirror.getHost() == null || !String.valueOf(mirror.getScheme()).startsWith("http")) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "a mirror is an address like https://pccs.example:8081");
    }
  }
}
