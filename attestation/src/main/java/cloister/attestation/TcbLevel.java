package cloister.attestation;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/// One level of a list, highest first: who has at least this stands like that.
///
/// @param sgx what a platform needs, 16 components
/// @param tdx what its TDX module needs, 16 components; empty for SGX
record TcbLevel(
    List<Integer> sgx,
    int pceSvn,
    List<Integer> tdx,
    TcbStatus status,
    Instant date,
    List<String> advisories) {
  /// By components, then PCESVN, then TDX components; each list by its first difference.
  static final Comparator<TcbLevel> HIGHEST_FIRST =
      Comparator.comparing(TcbLevel::sgx, TcbLevel::byFirstDifference)
          .thenComparingInt(TcbLevel::pceSvn)
          .thenComparing(TcbLevel::tdx, TcbLevel::byFirstDifference)
          .reversed();

  TcbLevel {
    sgx = List.copyOf(sgx);
    tdx = List.copyOf(tdx);
    advisories = List.copyOf(advisories);
  }

  private static int byFirstDifference(List<Integer> one, List<Integer> other) {
    for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
      int order = Integer.compare(one.get(i), other.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(one.size(), other.size());
  }

  /// Every component by itself: none makes up for another.
  boolean isReachedBy(PckCertificate platform) {
    for (int i = 0; i < sgx.size(); i++) {
      if (platform.components().get(i) < sgx.get(i)) {
        return false;
      }
    }
    return platform.pceSvn() >= pceSvn;
  }

  /// From module 1.5 on (component 1 above 0) the first two are the module's version, for which it
  /// has levels of its own.
  boolean isReachedBy(TdReport report) {
    for (int i = report.svn(1) > 0 ? 2 : 0; i < tdx.size(); i++) {
      if (report.svn(i) < tdx.get(i)) {
        return false;
      }
    }
    return true;
  }
}
