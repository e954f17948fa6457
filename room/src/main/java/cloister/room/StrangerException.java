package cloister.room;

/// A document names somebody who takes no part in the collaboration.
public final class StrangerException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final transient Name stranger;

  StrangerException(Name stranger, String message) {
    super(message);
    this.stranger = stranger;
  }

  public Name stranger() {
    return stranger;
  }
}
