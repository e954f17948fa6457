package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import cloister.protocol.AnswerTable;
import cloister.protocol.AnswerTable.Cell;
import cloister.protocol.AnswerTable.Column;
import cloister.protocol.AnswerTable.Content;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AnswersTest {
  private static final AnswerTable TABLE =
      new AnswerTable(
          Bytes.of(new byte[AnswerTable.SALT_BYTES]),
          List.of(new Column("zip", Content.KEY), new Column("mean", Content.MEASURE)),
          List.of(
              List.of(key("a"), number("48.46761808", "18.16126715")),
              List.of(key("b"), number("85.9252745098039", "1.661")),
              List.of(key("c"), number("131465.67", "1198.29")),
              List.of(key("d"), number("0.00012345", "0.00000012")),
              List.of(key("e"), number("17", "3")),
              List.of(key("f"), new Cell(Optional.of("-0.5"), Optional.empty())),
              List.of(key("g"), new Cell(Optional.empty(), Optional.empty()))));

  private static Cell key(String value) {
    return new Cell(Optional.of(value), Optional.empty());
  }

  private static Cell number(String value, String error) {
    return new Cell(Optional.of(value), Optional.of(new BigDecimal(error)));
  }

  /// What is finer than the error is noise.
  @Test
  void aPersonSeesTheDigitsThatMeanSomething() {
    assertThat(Answers.table(TABLE).lines(Terminal.Ink.PLAIN))
        .extracting(line -> line.replaceAll(" +", " ").strip())
        .containsExactly(
            "ZIP MEAN",
            "a 48.5 ± 18.2",
            "b 85.93 ± 1.67",
            "c 131,466 ± 1,199",
            "d 0.00012345 ± 0.00000012",
            "e 17 ± 3",
            "f -0.5 ± ?",
            "g –");
  }

  @Test
  void aFileHasAllDigits() {
    assertThat(Answers.csv(TABLE)).contains("a,48.46761808,18.16126715", "f,-0.5,\r\n");
  }
}
