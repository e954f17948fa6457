package cloister.cli;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Dates;
import cloister.attestation.Collateral.Item;
import cloister.attestation.EvidenceException;
import cloister.client.CollateralInput;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister collateral show`
@Command(
    name = "show",
    description = "List collateral and until when it holds. Nothing of it is verified here.",
    footer = {
      "Examples:",
      "  cloister collateral show               # what your home holds",
      "  cloister collateral show bundle.json"
    })
final class CollateralShow extends Verb {
  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "A bundle or a vendor's file; else your home's.")
  private Optional<Path> file = Optional.empty();

  CollateralShow(Options options) {
    super(options);
  }

  @Override
  void run() {
    Collateral collateral =
        file.map(given -> CollateralInput.read(given, Optional.of(given.toString())))
            .orElseGet(() -> options.collateral().read());
    var table =
        new Table(
            Table.Column.text("KIND"),
            Table.Column.text("ABOUT"),
            Table.Column.text("FROM"),
            Table.Column.text("UNTIL"));
    var items = new ArrayList<Json>();
    for (Item item : collateral.items()) {
      Dates dates = dates(item);
      table.row(
          item.kind().label(),
          dates.about(),
          dates.from().map(Instant::toString).orElse("-"),
          dates.until().map(Instant::toString).orElse("-"));
      items.add(
          Json.object()
              .put("kind", item.kind().label())
              .put("about", dates.about())
              .put("source", item.source())
              .putIfPresent("from", dates.from(), from -> Json.of(from.toString()))
              .putIfPresent("until", dates.until(), until -> Json.of(until.toString()))
              .build());
    }
    options.print(
        Json.object().put("items", Json.array(items)).build(),
        items.isEmpty()
            ? List.of("There is none. `cloister collateral fetch EVIDENCE` gets what it needs.")
            : table.lines(terminal().resultInk()));
  }

  private static Dates dates(Item item) {
    try {
      return Collateral.dates(item);
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_INVALID, String.valueOf(e.getMessage()), e);
    }
  }
}
