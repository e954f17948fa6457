package cloister.enclave;

import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// The plaintext of all rooms in memory-backed storage, and how much of it there may be. Whoever
/// reads a version holds a lease on it; what nobody holds stays for the next run, until the room is
/// needed for others or the version is superseded.
///
/// Safe for concurrent use. A version is made in the clear once, however many ask for it at the
/// same time, and nobody waits for another version than their own.
final class Plaintext {
  private final long mostBytes;
  private final Consumer<Path> beforeDeletion;
  private long bytes;
  private long made;
  private final Map<Digest, Content> contents = new HashMap<>();

  /// @param beforeDeletion told of each folder that is about to go, so that nobody keeps its files
  ///   open
  Plaintext(long mostBytes, Consumer<Path> beforeDeletion) {
    this.mostBytes = mostBytes;
    this.beforeDeletion = beforeDeletion;
  }

  /// One version in the clear. Its bytes are counted from before it is made until it is gone.
  private static final class Content {
    final Path folder;
    final long size;
    final AtomicBoolean begun = new AtomicBoolean();
    final CompletableFuture<List<Path>> files = new CompletableFuture<>();
    int leases;
    boolean superseded;

    Content(Path folder, long size) {
      this.folder = folder;
      this.size = size;
    }
  }

  /// Makes the files of a version in a folder that is not there yet.
  @FunctionalInterface
  interface Maker {
    List<Path> make(Path folder);
  }

  /// Room for a version, and then its files, until it is closed.
  interface Lease extends AutoCloseable {
    /// Makes them, if nobody has; waits for whoever is at it.
    List<Path> files();

    @Override
    void close();
  }

  /// Fails with MEMORY_LIMIT, or is fast: nothing is made in the clear yet.
  ///
  /// @param parent where the version gets a folder, of a new name each time: workers know files by
  ///   their paths
  /// @param size the bytes that it will have
  synchronized Lease acquire(Digest version, Path parent, long size, Maker maker) {
    var content = contents.get(version);
    if (content == null) {
      reserve(size);
      content = new Content(parent.resolve("data-" + version.brief() + "-" + ++made), size);
      contents.put(version, content);
    }
    content.leases++;
    return lease(version, content, maker);
  }

  private Lease lease(Digest version, Content content, Maker maker) {
    var closed = new AtomicBoolean();
    return new Lease() {
      @Override
      public List<Path> files() {
        if (content.begun.compareAndSet(false, true)) {
          make(version, content, maker);
        }
        try {
          return content.files.join();
        } catch (CompletionException failure) {
          if (failure.getCause() instanceof CloisterException known) {
            throw known;
          }
          throw failure;
        }
      }

      @Override
      public void close() {
        if (closed.compareAndSet(false, true)) {
          release(content);
        }
      }
    };
  }

  private void make(Digest version, Content content, Maker maker) {
    try {
      content.files.complete(maker.make(content.folder));
    } catch (RuntimeException | Error failure) {
      // Those who wait fail with it; those who come later try anew.
      forget(version, content);
      content.files.completeExceptionally(failure);
    }
  }

  private synchronized void forget(Digest version, Content content) {
    content.superseded = true;
    contents.remove(version, content);
  }

  private synchronized void release(Content content) {
    content.leases--;
    if (content.leases == 0 && content.superseded) {
      discard(content);
    }
  }

  /// Takes a version that no run will ask for again out of memory, as soon as nobody reads it.
  synchronized void supersede(Digest version) {
    var content = contents.remove(version);
    if (content != null) {
      content.superseded = true;
      if (content.leases == 0) {
        discard(content);
      }
    }
  }

  /// Counts bytes that somebody is about to write elsewhere in memory-backed storage.
  synchronized void reserve(long size) {
    for (Iterator<Content> idle = contents.values().iterator();
        bytes + size > mostBytes && idle.hasNext(); ) {
      var content = idle.next();
      if (content.leases == 0) {
        idle.remove();
        discard(content);
      }
    }
    if (bytes + size > mostBytes) {
      throw new CloisterException(
          ErrorCode.MEMORY_LIMIT,
          "the data needs more memory in the clear than the enclave has free; nothing was charged");
    }
    bytes += size;
  }

  /// Whether so many bytes fit beside all that is there, read or idle.
  synchronized boolean hasRoom(long size) {
    return bytes + size <= mostBytes;
  }

  synchronized void free(long size) {
    bytes -= size;
  }

  private void discard(Content content) {
    beforeDeletion.accept(content.folder);
    Disk.delete(content.folder);
    bytes -= content.size;
  }

  synchronized long bytes() {
    return bytes;
  }
}
