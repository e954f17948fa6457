package cloister.benchmarks;

import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// All benchmarks of a class, timed by JMH.
final class JmhRun {
  private JmhRun() {}

  /// @return nanoseconds per operation, by the method's name
  static Map<String, Double> nanoseconds(Class<?> benchmarks, Sizes sizes) throws RunnerException {
    var each = TimeValue.milliseconds(sizes.jmh().millisecondsEach());
    var options =
        new OptionsBuilder()
            .include("\\Q" + benchmarks.getName() + "\\E\\..*")
            .param("megabytes", Integer.toString(sizes.sealedMegabytes()))
            .forks(sizes.jmh().forks())
            .jvmArgs("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx1g")
            .warmupIterations(sizes.jmh().warmUps())
            .warmupTime(each)
            .measurementIterations(sizes.jmh().iterations())
            .measurementTime(each)
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true)
            .build();
    var times = new TreeMap<String, Double>();
    for (RunResult result : new Runner(options).run()) {
      String name = result.getParams().getBenchmark();
      times.put(name.substring(name.lastIndexOf('.') + 1), result.getPrimaryResult().getScore());
    }
    return times;
  }

  static double of(Map<String, Double> times, String benchmark) {
    Double time = times.get(benchmark);
    if (time == null) {
      throw new IllegalStateException("JMH ran no " + benchmark + " but " + times.keySet());
    }
    return time;
  }
}
