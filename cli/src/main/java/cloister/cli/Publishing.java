package cloister.cli;

import cloister.client.Participant;
import cloister.client.Upload;
import cloister.duckdb.Transcoding;
import cloister.duckdb.UnreadableFileException;
import cloister.protocol.CloisterException;
import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// From an owner's file to a published version. The plaintext parts in between are in a private
/// folder that is gone when this ends, however it ends.
final class Publishing {
  private Publishing() {}

  static Reply.Published publish(
      Participant participant, Name dataset, Path file, long maxBadRows, Terminal terminal)
      throws IOException, InterruptedException {
    DatasetDocument document = participant.ownDataset(dataset);
    var source = Upload.Source.of(file);
    var resumable = participant.unfinishedUpload(document, source, maxBadRows);
    if (resumable.isPresent()) {
      terminal.say("Going on with the upload that was interrupted.");
      return send(participant, resumable.get(), terminal);
    }
    try (var plain = TemporaryFolder.in(participant.scratch())) {
      List<Path> parts = transcode(document, file, plain.path(), terminal);
      var sealing = new ProgressBar(terminal, "sealing  ");
      var upload = participant.seal(document, source, maxBadRows, parts, sealing);
      sealing.clear();
      return send(participant, upload, terminal);
    }
  }

  private static Reply.Published send(Participant participant, Upload upload, Terminal terminal)
      throws IOException, InterruptedException {
    var sending = new ProgressBar(terminal, "sending  ", "the enclave is checking the rows …");
    try {
      return participant.publish(upload, sending);
    } finally {
      sending.clear();
    }
  }

  private static List<Path> transcode(
      DatasetDocument document, Path file, Path folder, Terminal terminal) throws IOException {
    var reading = new ProgressBar(terminal, "reading  ");
    long size = Files.exists(file) ? Files.size(file) : 0;
    try {
      return Transcoding.transcode(
          document.dataset(), file, folder, part -> reading.at((long) (part * size), size));
    } catch (UnreadableFileException e) {
      ErrorCode code =
          switch (e.kind()) {
            case FILE -> ErrorCode.FILE_UNREADABLE;
            case FORMAT -> ErrorCode.DATA_MALFORMED;
            case COLUMNS -> ErrorCode.DATA_SCHEMA_MISMATCH;
          };
      throw new CloisterException(code, file + ": " + e.getMessage(), e);
    } finally {
      reading.clear();
    }
  }
}
