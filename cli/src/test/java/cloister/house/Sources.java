package cloister.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Every text file that a clone of the repository has, read once.
final class Sources {
  /// What builds and editors leave behind.
  private static final Set<String> NOT_OURS =
      Set.of(".git", "target", ".idea", ".vscode", ".dist", "out", ".m2");

  private static final long MAX_BYTES = 4 << 20;

  static final Path ROOT = root();
  private static final List<Source> ALL = read();

  private Sources() {}

  /// A file of the repository.
  ///
  /// @param path from the root, with `/`
  record Source(String path, String text) {
    boolean isJava() {
      return path.endsWith(".java") && (isIn("main") || isIn("test"));
    }

    boolean isMain() {
      return isJava() && isIn("main");
    }

    boolean isTest() {
      return isJava() && isIn("test");
    }

    /// Of a module: not a script in `tools`, nor the canary.
    private boolean isIn(String tree) {
      return path.matches("\\w+/src/" + tree + "/java/.*");
    }

    boolean isMarkdown() {
      return path.endsWith(".md");
    }

    String module() {
      return path.substring(0, Math.max(0, path.indexOf('/')));
    }

    String name() {
      return path.substring(path.lastIndexOf('/') + 1);
    }

    String folder() {
      return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    /// `path:line: text` of each match, for a message that an editor can jump to.
    List<String> find(Pattern pattern) {
      return pattern.matcher(text).results().map(this::at).toList();
    }

    private String at(MatchResult match) {
      long line = text.substring(0, match.start()).chars().filter(c -> c == '\n').count() + 1;
      return path + ":" + line + ": " + match.group().strip();
    }
  }

  static List<Source> all() {
    return ALL;
  }

  static List<Source> java() {
    return ALL.stream().filter(Source::isJava).toList();
  }

  static String text(String path) {
    return ALL.stream()
        .filter(source -> source.path().equals(path))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the repository has no " + path))
        .text();
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("mvnw"))) {
      folder = Optional.ofNullable(folder.getParent()).orElseThrow();
    }
    return folder;
  }

  private static List<Source> read() {
    List<Source> sources = new ArrayList<>();
    try {
      Files.walkFileTree(
          ROOT,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
              String name = folder.getFileName().toString();
              return NOT_OURS.contains(name)
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              String path = ROOT.relativize(file).toString().replace('\\', '/');
              if (attributes.isRegularFile()
                  && attributes.size() <= MAX_BYTES
                  && !path.equals(".git")) {
                try {
                  sources.add(new Source(path, Files.readString(file)));
                } catch (MalformedInputException _) {
                  // Not text.
                }
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(sources);
  }
}
