package cloister.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Json;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EnclaveMeasurementTest {
  @TempDir private Path folder;
  private final Console console = new Console();

  /// The digest alone is the result, for a collaboration's file, and what it is of is said beside.
  @Test
  void thatOfTheSimulatedTeeIsSaidToBe() {
    assertThat(console.run("enclave", "measurement")).isZero();
    assertThat(console.out()).matches("sha384:[0-9a-f]{96}\\n");
    assertThat(console.err()).contains("simulated TEE", "protects nothing");
    assertThat(console.run("enclave", "measurement", "--json")).isZero();
    Json.Fields result = result();
    assertThat(result.string("tee", 64)).isEqualTo("simulated");
    assertThat(result.bool("simulated")).isTrue();
  }

  @Test
  void anImageForNitroEnclavesIsMeasured() throws Exception {
    Path image = Files.write(folder.resolve("a.eif"), image("kernel", "line", "disk", "app"));
    assertThat(console.run("enclave", "measurement", "--eif", image.toString())).isZero();
    assertThat(console.out().lines().toList()).hasSize(5).first().isEqualTo("TEE          nitro");
    assertThat(console.out()).containsPattern("measurement  (sha384:[0-9a-f]{96})\npcr 0 +\\1\n");
    assertThat(console.run("enclave", "measurement", "--eif", image.toString(), "--json")).isZero();
    assertThat(result().object("pcr").string("0", 200))
        .isEqualTo(result().string("measurement", 200));

    Path other = Files.write(folder.resolve("b.eif"), "nothing".getBytes(UTF_8));
    assertThat(console.run("enclave", "measurement", "--eif", other.toString())).isEqualTo(2);
    assertThat(console.err()).contains("b.eif: the enclave image ends");
    assertThat(console.run("enclave", "measurement", "--eif", "nosuch")).isEqualTo(2);
    assertThat(console.err()).contains("there is no file nosuch");
    assertThat(console.run("enclave", "measurement", "--eif", folder.toString())).isEqualTo(2);
    assertThat(console.err()).contains("is a directory");
  }

  private Json.Fields result() {
    return ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out");
  }

  /// An image of version 4: kernel, command line and ramdisks.
  private static byte[] image(String... contents) throws Exception {
    int[] types = {1, 2, 3, 3};
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.write(".eif".getBytes(UTF_8));
    out.writeShort(4);
    out.write(new byte[20]);
    out.writeShort(contents.length);
    long at = 548;
    for (int i = 0; i < 32; i++) {
      out.writeLong(i < contents.length ? at : 0);
      at += i < contents.length ? 12 + contents[i].length() : 0;
    }
    for (int i = 0; i < 32; i++) {
      out.writeLong(i < contents.length ? contents[i].length() : 0);
    }
    out.write(new byte[8]);
    for (int i = 0; i < contents.length; i++) {
      out.writeShort(types[i]);
      out.writeShort(0);
      out.writeLong(contents[i].length());
      out.write(contents[i].getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }
}
