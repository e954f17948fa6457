package cloister.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/// A property: a test that runs [#tries] times, each with a freshly seeded
/// [java.util.random.RandomGenerator] as its parameter, from which it draws its input.
///
/// A failure names its seed, and `-Dseed=` runs that one case again.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(ForAllExtension.class)
public @interface ForAll {
  int tries() default 200;
}
