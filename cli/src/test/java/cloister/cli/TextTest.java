package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class TextTest {
  @Test
  void numbersAreGroupedBeforeThePointOnly() {
    assertThat(Text.number(1_234_567)).isEqualTo("1,234,567");
    assertThat(Text.number(-999)).isEqualTo("-999");
    assertThat(Text.number(new BigDecimal("1234.56789"))).isEqualTo("1,234.56789");
  }

  @Test
  void amountsLoseTheirTrailingZeros() {
    assertThat(Text.amount(new BigDecimal("0.700000000"))).isEqualTo("0.7");
    assertThat(Text.amount(new BigDecimal("10.000"))).isEqualTo("10");
    assertThat(Text.amount(new BigDecimal("0.000001000"))).isEqualTo("0.000001");
    assertThat(Text.amount(BigDecimal.ZERO)).isEqualTo("0");
  }

  @Test
  void quantitiesAreRoundedForPeople() {
    assertThat(Text.bytes(999)).isEqualTo("999 B");
    assertThat(Text.bytes(999_960)).isEqualTo("1.0 MB");
    assertThat(Text.duration(Duration.ofMillis(1234))).isEqualTo("1.23 s");
    assertThat(Text.duration(Duration.ofSeconds(200))).isEqualTo("3 min 20 s");
  }

  @Test
  void nothingFromOutsideMovesTheCursor() {
    assertThat(Text.visible("a\u001b[2Jb\u0000c\u009bd\u202ee\r\n\tf"))
        .isEqualTo("a\\u001b[2Jb\\u0000c\\u009bd\\u202ee\\u000d\n\tf");
    assertThat(Text.visible("Zürich, 東京, 🏥")).isEqualTo("Zürich, 東京, 🏥");
    assertThat(Text.cell("one\ntwo\tthree")).isEqualTo("one\\ntwo\\tthree");
    assertThat(Terminal.Ink.PLAIN.shown("\u001b[31mred")).isEqualTo("\\u001b[31mred");
  }

  @Test
  void onATerminalOnlyOurOwnColoursPass() {
    var ink = Terminal.Ink.COLOURED;
    assertThat(ink.shown(ink.good("✓") + " \u001b]0;title\u0007 $1\\"))
        .isEqualTo("\u001b[32m✓\u001b[0m \\u001b]0;title\\u0007 $1\\");
    assertThat(ink.shown("\u001b[5mblink")).isEqualTo("\\u001b[5mblink");
  }

  @Test
  void tablesAlignNumbersToTheRight() {
    var table = new Table(Table.Column.text("BAND"), Table.Column.number("CUSTOMERS"));
    table.row("18-24", "9");
    table.row("é", "1,000");
    assertThat(table.lines(Terminal.Ink.PLAIN))
        .containsExactly("BAND   CUSTOMERS", "18-24          9", "é          1,000");
  }
}
