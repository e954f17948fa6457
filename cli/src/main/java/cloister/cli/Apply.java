package cloister.cli;

import cloister.client.DocumentPackage;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister apply`
@Command(
    name = "apply",
    description = "Sign your datasets and analyses, and make them the current ones.",
    footer = {
      "Examples:",
      "  cloister apply airline/ --accept-simulated          # every .yaml file of the folder",
      "  cloister apply airline/customers.yaml --accept-simulated",
      "",
      "All documents are checked before any is sent; each mistake is shown with file, line and column.",
      "A collaboration among them is signed first, as with `cloister sign`."
    })
final class Apply extends Verb {
  @Parameters(paramLabel = "FILE|DIR", description = "A document, or a folder of them.")
  private Path path;

  Apply(Options options) {
    super(options);
  }

  /// Names in documents are those of the collaboration that is applied with them, or else of the
  /// one that this home has signed. Without either, the enclave is not even asked.
  private DocumentPackage documents(Home home) {
    DocumentPackage documents = DocumentPackage.read(path, home.participant());
    return documents
        .collaboration()
        .map(CollaborationDocument::collaboration)
        .or(() -> home.agreed(options.collaboration()))
        .map(agreed -> DocumentPackage.read(path, home.participant(), agreed))
        .orElse(documents);
  }

  @Override
  void run() throws Exception {
    Home home = options.home();
    DocumentPackage documents = documents(home);
    SqlCheck.check(path, documents);
    try (Participant participant =
        documents.collaboration().isPresent()
            ? options.join(home, documents.collaboration().get())
            : options.participant()) {
      if (!documents.own().isEmpty()) {
        participant.apply(documents.own());
      }
      var applied = new ArrayList<Json>();
      var table = new Table(Table.Column.text("APPLIED"), Table.Column.text("DIGEST"));
      documents
          .addressed()
          .forEach((address, digest) -> {
            applied.add(
                Json.object().put("address", address.toString()).put("digest", digest).build());
            table.row(address.toString(), digest.toString());
          });
      options.print(
          Json.object()
              .put("applied", Json.array(applied))
              .put("simulated", participant.simulated())
              .build(),
          table.lines(terminal().resultInk()));
    }
  }
}
