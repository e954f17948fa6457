package cloister.house;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Who may know whom (docs/adr/0001-modules.md), read from the classes.
final class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("cloister");

  private static final List<String> ORDER =
      Pattern.compile("<module>(\\w+)</module>")
          .matcher(Sources.text("pom.xml"))
          .results()
          .map(match -> match.group(1))
          .toList();

  /// Modules whose every result follows from their arguments.
  private static final String[] PURE = {
    "cloister.attestation..",
    "cloister.ledger..",
    "cloister.matching..",
    "cloister.privacy..",
    "cloister.room..",
    "cloister.query..",
    "cloister.migration.."
  };

  /// Methods that read what nobody passed: the time, the environment, or chance.
  private static final Set<String> AMBIENT =
      Set.of(
          "java.time.Instant.now",
          "java.time.LocalDate.now",
          "java.time.LocalDateTime.now",
          "java.time.ZonedDateTime.now",
          "java.time.OffsetDateTime.now",
          "java.time.Clock.systemUTC",
          "java.time.Clock.systemDefaultZone",
          "java.time.InstantSource.system",
          "java.lang.System.currentTimeMillis",
          "java.lang.System.nanoTime",
          "java.lang.System.getenv",
          "java.lang.System.exit",
          "java.lang.Math.random",
          "java.util.UUID.randomUUID");

  @Test
  void aModuleKnowsOnlyModulesAboveIt() {
    for (String module : ORDER) {
      String[] below =
          ORDER.stream()
              .skip(ORDER.indexOf(module) + 1L)
              .map(other -> "cloister." + other + "..")
              .toArray(String[]::new);
      if (below.length > 0) {
        noClasses()
            .that()
            .resideInAPackage("cloister." + module + "..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(below)
            .because("the order in pom.xml is the architecture: move what both need up")
            .allowEmptyShould(true)
            .check(CLASSES);
      }
    }
  }

  @Test
  void modulesHaveNoCycles() {
    slices()
        .matching("cloister.(*)..")
        .should()
        .beFreeOfCycles()
        .because("a module must be reviewable without those that use it")
        .check(CLASSES);
  }

  /// A [java.nio.file.Path] is a name: `query` passes it on, and cannot open it.
  @Test
  void pureModulesDoNoInputOrOutput() {
    noClasses()
        .that()
        .resideInAnyPackage(PURE)
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                    "java.nio.file..",
                    "java.nio.channels..",
                    "java.net..",
                    "java.sql..",
                    "javax.sql..")
                .and(not(type(Path.class)))
                .or(
                    belongToAnyOf(
                        File.class,
                        FileInputStream.class,
                        FileOutputStream.class,
                        RandomAccessFile.class,
                        ProcessBuilder.class)))
        .because("they take values and return values; `enclave` and `client` read and write")
        .check(CLASSES);
  }

  @Test
  void nobodyButTheEdgesLogs() {
    noClasses()
        .that()
        .resideOutsideOfPackages("cloister.cli..", "cloister.enclave..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "org.slf4j..")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(System.Logger.class)
        .because("logs leave the enclave: throw, or return what happened")
        .check(CLASSES);
  }

  @Test
  void pureModulesReadNoClockAndNoChance() {
    String[] pureAndCrypto = Arrays.copyOf(PURE, PURE.length + 1);
    pureAndCrypto[PURE.length] = "cloister.crypto..";
    noClasses()
        .that()
        .resideInAnyPackage(pureAndCrypto)
        .should()
        .accessTargetWhere(ambient())
        .because("time, environment and randomness are arguments: the edge passes them in")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAnyPackage(PURE)
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.security\\.SecureRandom|java\\.util\\.(Splittable)?Random")
        .because("noise comes from a keyed stream that the ledger entry determines")
        .check(CLASSES);
  }

  @Test
  void eachLibraryIsKnownToOneModule() {
    onlyKnows("protocol", "tools.jackson..", "com.fasterxml..", "org.snakeyaml..");
    onlyKnows("query", "org.apache.calcite..");
    onlyKnows("duckdb", "org.duckdb..");
    onlyKnows("enclave", "io.helidon..");
    onlyKnows("crypto", "org.bouncycastle..");
    onlyKnows("cli", "picocli..");
  }

  @Test
  void onlyTheCommandLineStartsTheEnclave() {
    noClasses()
        .that()
        .resideOutsideOfPackages("cloister.enclave..", "cloister.cli..", "cloister.benchmarks..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("cloister.enclave..")
        .because("clients know the enclave by its protocol and its evidence, not by its classes")
        .check(CLASSES);
  }

  @Test
  void nativeCodeIsCalledWhereItIsReviewed() {
    noClasses()
        .that()
        .resideOutsideOfPackages("cloister.platform..", "cloister.duckdb..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.foreign..")
        .because("platform asks the hardware, and duckdb confines its workers")
        .check(CLASSES);
  }

  /// docs/adr/0014-simulated-module.md
  @Test
  void onlyOneClassOfTheCommandLineKnowsTheSimulatedTee() {
    noClasses()
        .that()
        .resideOutsideOfPackage("cloister.simulated..")
        .and()
        .doNotHaveFullyQualifiedName("cloister.cli.Simulation")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("cloister.simulated..")
        .because("production leaves that module out, and must not miss a class of it")
        .check(CLASSES);
  }

  @Test
  void nothingThatShipsKnowsTheTestkit() {
    noClasses()
        .that()
        .resideOutsideOfPackage("cloister.testkit..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("cloister.testkit..", "org.junit..", "org.assertj..")
        .because("testkit is for tests")
        .check(CLASSES);
  }

  /// A rule over no classes would hold for ever.
  @Test
  void theRulesSeeEveryModule() {
    for (String module : ORDER) {
      if (!module.equals("benchmarks")) {
        assertThat(CLASSES)
            .as("classes of " + module)
            .anyMatch(one -> one.getPackageName().equals("cloister." + module));
      }
    }
  }

  private static void onlyKnows(String module, String... packages) {
    noClasses()
        .that()
        .resideOutsideOfPackage("cloister." + module + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages)
        .because("only " + module + " knows it: everybody else uses " + module + "'s types")
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaAccess<?>> ambient() {
    return describe(
        "reads the time, the environment or chance",
        access -> AMBIENT.contains(access.getTargetOwner().getName() + "." + access.getName()));
  }
}
