package cloister.attestation;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Where a platform stands on Intel's lists, which are believed by now: its level, its TDX module's
/// and its quoting enclave's, converged into one status as Intel's Quote Verification Library does
/// (`TcbLevelCheck.cpp`, `TdxModuleCheck.cpp`, `TDRelaunchCheck.cpp`).
///
/// In one thing it is stricter: a platform whose first level without TDX is revoked is revoked,
/// also if a lower level, found with TDX, is not.
final class DcapLevels {
  private final Checks checks;
  private final String prefix;
  private final PckCertificate pck;
  private final TcbInfo info;
  private final EnclaveIdentity identity;

  DcapLevels(
      Checks checks, String prefix, PckCertificate pck, TcbInfo info, EnclaveIdentity identity) {
    this.checks = checks;
    this.prefix = prefix;
    this.pck = pck;
    this.info = info;
    this.identity = identity;
  }

  /// @param enclave the level that the quoting enclave reaches
  /// @throws EvidenceException where there is no level
  DcapPlatform platform(QuoteBody body, IsvLevel enclave) throws EvidenceException {
    // 1. The first level whose components are all reached: of SGX, and of SGX and TDX together.
    TcbLevel sgx =
        info.levels().stream()
            .filter(level -> level.isReachedBy(pck))
            .findFirst()
            .orElseThrow(this::belowEveryLevel);
    TcbLevel level = sgx;
    TcbStatus status = sgx.status();
    Optional<IsvLevel> module = Optional.empty();
    if (body instanceof TdReport domain) {
      level =
          info.levels().stream()
              .filter(one -> one.isReachedBy(pck) && one.isReachedBy(domain))
              .findFirst()
              .orElseThrow(this::belowEveryLevel);
      // 2. The module pulls it down.
      module = module(domain);
      status =
          module.map(IsvLevel::status).map(level.status()::convergedWith).orElse(level.status());
      if (sgx.status() == TcbStatus.REVOKED) {
        status = TcbStatus.REVOKED;
      }
      // 3. Unless the host has a new one already, and only this TD runs from before.
      if (isRelaunchAdvised(status, sgx, enclave, module, domain)) {
        status =
            sgx.status().isConfigurationNeeded() || status.isConfigurationNeeded()
                ? TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                : TcbStatus.TD_RELAUNCH_ADVISED;
      }
    }
    // 4. The quoting enclave pulls it down.
    return concluded(status.convergedWith(enclave.status()), level, module, enclave);
  }

  private DcapPlatform concluded(
      TcbStatus status, TcbLevel level, Optional<IsvLevel> module, IsvLevel enclave) {
    var advisories = new TreeSet<>(level.advisories());
    advisories.addAll(enclave.advisories());
    module.ifPresent(reached -> advisories.addAll(reached.advisories()));
    Instant date =
        Stream.concat(module.stream(), Stream.of(enclave))
            .filter(part -> part.status().isOutOfDate())
            .map(IsvLevel::date)
            .filter(level.date()::isAfter)
            .min(Instant::compareTo)
            .orElse(level.date());
    checks.require(
        prefix + ".tcb-level",
        status != TcbStatus.REVOKED,
        "the platform's TCB is %s as of %s%s".formatted(status, date, listed(advisories)),
        "Intel has revoked the platform's TCB" + listed(advisories));
    return new DcapPlatform(
        pck,
        status,
        enclave.status(),
        date,
        Math.min(info.evaluation(), identity.evaluation()),
        advisories);
  }

  private static String listed(Set<String> advisories) {
    return advisories.isEmpty() ? "" : ", " + String.join(" ", advisories);
  }

  private EvidenceException belowEveryLevel() {
    return checks.refused(
        prefix + ".tcb-level",
        "the platform is below every TCB level of Intel: its firmware has to be updated");
  }

  /// The TDX module: of 1.0 by the one description, of later ones by their major version.
  private Optional<IsvLevel> module(TdReport domain) throws EvidenceException {
    int major = domain.svn(1);
    if (major == 0) {
      checks.require(
          prefix + ".module",
          info.module().filter(module -> module.matches(domain)).isPresent(),
          "the TDX module is Intel's",
          "the TDX module is not the one of the TCB info");
      return Optional.empty();
    }
    TcbInfo.ModuleIdentity known = known(major);
    checks.require(
        prefix + ".module",
        known.module().matches(domain),
        "the TDX module is Intel's " + known.id(),
        "the TDX module is not Intel's " + known.id());
    return Optional.of(
        IsvLevel.reached(known.levels(), domain.svn(0))
            .orElseThrow(() ->
                checks.refused(
                    prefix + ".module",
                    "the TDX module %s.%d is below every level"
                        .formatted(known.id(), domain.svn(0)))));
  }

  private TcbInfo.ModuleIdentity known(int major) throws EvidenceException {
    return info.module(major)
        .orElseThrow(() ->
            checks.refused(
                prefix + ".module", "the TCB info knows no TDX module of version " + major));
  }

  private boolean isRelaunchAdvised(
      TcbStatus converged,
      TcbLevel sgx,
      IsvLevel enclave,
      Optional<IsvLevel> module,
      TdReport domain)
      throws EvidenceException {
    if (domain.teeTcbSvn2().isEmpty()
        || enclave.status() != TcbStatus.UP_TO_DATE
        || sgx.status().isOutOfDate()
        || !converged.isOutOfDate()
        || module.filter(level -> level.status() == TcbStatus.OUT_OF_DATE).isEmpty()) {
      return false;
    }
    byte[] now = domain.teeTcbSvn2().get().toArray();
    int major = Byte.toUnsignedInt(now[1]);
    TcbLevel newest = info.levels().getFirst();
    int wanted = major == 0 ? newest.tdx().getFirst() : newest(known(major)).svn();
    return Byte.toUnsignedInt(now[0]) >= wanted
        && Byte.toUnsignedInt(now[2]) >= newest.tdx().get(2);
  }

  private IsvLevel newest(TcbInfo.ModuleIdentity module) throws EvidenceException {
    return module.levels().stream()
        .findFirst()
        .orElseThrow(() ->
            checks.refused(prefix + ".module", "the TCB info has no level of " + module.id()));
  }
}
