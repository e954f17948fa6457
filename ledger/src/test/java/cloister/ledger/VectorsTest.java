package cloister.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The vectors for second implementations are what this one does; -Dgolden=update rewrites them.
class VectorsTest {
  private static final Path FOLDER = Path.of("..", "vectors", "ledger");

  @Test
  void proofsOfTheClassicTree() throws IOException {
    Ledger ledger = Trees.ledgerOf(Trees.CLASSIC);
    var cases = new ArrayList<String>();
    for (int size = 0; size <= 8; size++) {
      cases.add("{\"head\":%d,\"root\":\"%s\"}".formatted(size, hex(ledger.head(size).root())));
    }
    for (int size = 1; size <= 8; size++) {
      for (int index = 0; index < size; index++) {
        cases.add(
            "{\"inclusion\":%d,\"size\":%d,\"leaf\":\"%s\",\"path\":%s}"
                .formatted(
                    index,
                    size,
                    Trees.CLASSIC.get(index).hex(),
                    hashes(ledger.inclusion(index, size).path())));
      }
    }
    for (int second = 1; second <= 8; second++) {
      for (int first = 0; first <= second; first++) {
        cases.add(
            "{\"consistency\":%d,\"size\":%d,\"path\":%s}"
                .formatted(first, second, hashes(ledger.consistency(first, second).path())));
      }
    }
    check("proofs.json", cases);
  }

  @Test
  void aSignedCheckpoint() throws IOException {
    byte[] seed = new byte[32];
    for (int i = 0; i < seed.length; i++) {
      seed[i] = (byte) i;
    }
    SigningKey signingKey = SigningKey.ofSeed(Secret.of(seed.clone()));
    byte[] spki = signingKey.verifyingKey().spki().toArray();
    Bytes raw = Bytes.of(Arrays.copyOfRange(spki, spki.length - 32, spki.length));
    CheckpointKey key = new CheckpointKey("cloister.example/airline-media-2026", raw);
    TreeHead head = Trees.head(Trees.CLASSIC);
    SignedCheckpoint signed = new Checkpoint(key.origin(), head).sign(key, signingKey::sign);
    check(
        "checkpoint.json",
        List.of(
            "{\"seed\":\"%s\",\"key\":\"%s\",\"size\":%d,\"root\":\"%s\",\"note\":\"%s\"}"
                .formatted(
                    Bytes.of(seed).hex(),
                    key.format(),
                    head.size(),
                    hex(head.root()),
                    signed.format().replace("\n", "\\n"))));
  }

  private static void check(String name, List<String> cases) throws IOException {
    String actual = cases.stream().collect(Collectors.joining(",\n ", "[\n ", "\n]\n"));
    Path file = FOLDER.resolve(name);
    if ("update".equals(System.getProperty("golden"))) {
      Files.createDirectories(FOLDER);
      Files.writeString(file, actual);
    }
    assertThat(actual)
        .as("%s; -Dgolden=update rewrites it", file)
        .isEqualTo(Files.readString(file));
  }

  private static String hashes(List<Digest> path) {
    return path.stream()
        .map(hash -> "\"" + hex(hash) + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static String hex(Digest digest) {
    return Bytes.of(digest.toArray()).hex();
  }
}
