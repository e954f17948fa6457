package cloister.query;

import cloister.privacy.ExactTable;
import cloister.room.Address;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Runs a checked plan on prepared data: Parquet files whose columns have the dataset's declared
/// names and types, whose privacy unit is normalised and never null. Safe for concurrent use.
public interface Engine extends AutoCloseable {
  /// @param data the prepared Parquet files of each table's dataset, in memory-backed storage
  /// @throws EngineException when the query cannot be completed; it never carries the engine's text
  ExactTable run(EngineQuery query, Map<Address, List<Path>> data, Limits limits)
      throws EngineException, InterruptedException;

  /// Lets go of all files in a folder that is about to be deleted: what is deleted is plaintext,
  /// and lives on while anybody has it open.
  void forget(Path folder);

  @Override
  void close();

  /// What one run may use. `groups` bounds the rows of the result.
  record Limits(Duration time, long memoryBytes, int threads, int groups) {}
}
