package cloister.simulated;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Secret;
import cloister.platform.Platform;
import cloister.platform.PlatformException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// No protection at all. Its evidence is signed with a published key, its sealing root lies in a
/// file beside what it seals. It measures the code honestly, for whoever chooses to believe it:
/// SHA-384 over the digests of the class path's jars.
public final class InsecureSimulatedPlatform implements Platform {
  private static final int ROOT_BYTES = 32;

  private final Path rootFile;
  private final InstantSource clock;

  /// Of 100 MB and more, so it is made once, for the first who asks.
  private @Nullable Measurement measurement;

  /// @param state the server's folder; the root is made in it when it is first asked for
  public InsecureSimulatedPlatform(Path state, InstantSource clock) {
    this.rootFile = state.resolve("sealing-root.INSECURE-SIMULATED");
    this.clock = clock;
  }

  @Override
  public Evidence evidence(Binding binding) {
    return InsecureSimulatedTee.running(measurement()).evidence(binding, clock.instant());
  }

  @Override
  public Tee tee() {
    return Tee.SIMULATED;
  }

  @Override
  public synchronized Measurement measurement() {
    Measurement known = measurement;
    if (known == null) {
      known = measureClassPath();
      measurement = known;
    }
    return known;
  }

  @Override
  public synchronized Secret sealingRoot() throws PlatformException {
    try {
      if (!Files.exists(rootFile)) {
        createRoot();
      }
      return Secret.of(Files.readAllBytes(rootFile));
    } catch (IOException e) {
      throw new PlatformException(rootFile + " cannot be made or read", e);
    }
  }

  /// Whole or not at all: of half a root, everything sealed under it would be lost.
  private void createRoot() throws IOException {
    Path draft = rootFile.resolveSibling(rootFile.getFileName() + ".new");
    Files.deleteIfExists(draft);
    Files.createFile(
        draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (Secret root = Secret.random(ROOT_BYTES);
        var channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      var rest = ByteBuffer.wrap(root.expose());
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      channel.force(true);
    }
    Files.move(draft, rootFile, StandardCopyOption.ATOMIC_MOVE);
  }

  /// The same for the same jars wherever they lie; class folders (a development build) count file
  /// by file.
  public static Measurement measureClassPath() {
    try {
      var measured = MessageDigest.getInstance("SHA-384");
      List<Path> entries =
          Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
              .filter(entry -> !entry.isBlank())
              .map(Path::of)
              // `lib/*` has the order of the directory, which differs from one disk to the next.
              .sorted(Comparator.comparing(entry -> String.valueOf(entry.getFileName())))
              .toList();
      List<Path> files = new ArrayList<>();
      for (Path entry : entries) {
        files.addAll(files(entry));
      }
      // The digests in the order of the class path, computed on all cores.
      files.parallelStream()
          .map(InsecureSimulatedPlatform::digest)
          .toList()
          .forEach(measured::update);
      return new Measurement("sha384", Bytes.of(measured.digest()));
    } catch (IOException e) {
      throw new UncheckedIOException("the class path cannot be read", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-384", e);
    }
  }

  private static byte[] digest(Path file) {
    try {
      return MessageDigest.getInstance("SHA-384").digest(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException("the class path cannot be read", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-384", e);
    }
  }

  private static List<Path> files(Path entry) throws IOException {
    if (!Files.exists(entry)) {
      return List.of();
    }
    try (var files = Files.walk(entry)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
