package cloister.query;

import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Dataset;
import java.util.Optional;

/// What SQL may name: the collaboration's datasets and analyses.
public interface Catalog {
  Optional<Dataset> dataset(Address address);

  Optional<Analysis> analysis(Address address);
}
