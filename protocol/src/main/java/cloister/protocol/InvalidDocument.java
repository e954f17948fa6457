package cloister.protocol;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/// A document has mistakes; the message lists all of them, one a line, in the order of the file.
public final class InvalidDocument extends CloisterException {
  @Serial private static final long serialVersionUID = 1;

  private final transient List<Mistake> mistakes;

  public InvalidDocument(List<Mistake> mistakes) {
    super(
        ErrorCode.DOCUMENT_INVALID,
        mistakes.stream().map(Mistake::toString).collect(Collectors.joining("\n")));
    this.mistakes = List.copyOf(mistakes);
  }

  public List<Mistake> mistakes() {
    return mistakes;
  }
}
