# An index: the logic is in Maven and in the sources. Every target finds JDK 25 by tools/find-jdk.
JDK  = $$(tools/find-jdk)
# Warnings fail the build, so they have to be seen; Maven's -q would hide them.
MVN  = JAVA_HOME="$(JDK)" ./mvnw --batch-mode --no-transfer-progress -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
JAVA = "$(JDK)"/bin/java

help: ## what this prints
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || sed -n 's/^\([a-z]*\):[^#]*## /  make \1   /p' Makefile

test: ## everything CI checks
	@rm -rf */target/surefire-reports
	@tools/find-jdk >/dev/null
	@$(MVN) --fail-at-end verify; status=$$?; $(JAVA) tools/TestSummary.java; exit $$status

quick: ## the inner loop: tests without Error Prone and the format check
	@tools/find-jdk >/dev/null
	$(MVN) -Pquick verify

slow: ## all tests, with the statistics of the noise and the soak runs
	@tools/find-jdk >/dev/null
	$(MVN) -Pslow verify

golden: ## rewrites golden files, vectors and docs/errors.md; read the diff
	@tools/find-jdk >/dev/null
	$(MVN) -Pquick -Dgolden=update verify

fmt: ## formats every source
	@tools/find-jdk >/dev/null
	$(MVN) spotless:apply

examples: ## plays the three examples from end to end
	for example in examples/*/; do ./cloister rehearse $$example --accept-simulated || exit 1; done

bench: ## benchmarks beside the plain tools; benchmarks/RESULTS.md keeps what was measured
	benchmarks/run

# Not what a shell calls SECONDS: only `make fuzz SECONDS=60` sets it.
SECONDS = 600
fuzz: ## every parser of evidence under Jazzer, ten minutes each: SECONDS=600
	@tools/find-jdk >/dev/null
	@$(MVN) -Pquick,fuzz -DskipTests -pl testkit,crypto,attestation test-compile
	$(JAVA) tools/Fuzz.java $(SECONDS)

javadoc: ## checks every reference and tag in the documentation of the code
	@tools/find-jdk >/dev/null
	@$(MVN) -Pquick -DskipTests package
	"$(JDK)"/bin/javadoc -quiet -package -Xdoclint:all,-missing -Werror -d target/javadoc \
	  -cp 'cli/target/dist/lib/*' $$(find . -path './*/src/main/java/*' -name '*.java' -not -path './testkit/*' -not -path './benchmarks/*')

reproducible: ## builds twice from nothing and compares the jars
	@tools/find-jdk >/dev/null
	rm -rf target/one target/other
	for build in one other; do \
	  $(MVN) -Pquick -DskipTests clean package && mkdir -p target/$$build && \
	  cp cli/target/dist/lib/*-0.1.0.jar target/$$build/ || exit 1; \
	done
	$(JAVA) tools/Reproducible.java target/one target/other

production: ## the jars of a server that cannot simulate a TEE, in cli/target/production
	@tools/find-jdk >/dev/null
	@$(MVN) -Pquick -DskipTests -pl cli -am package
	@$(JAVA) tools/Production.java cli/target/dist/lib cli/target/production/lib

checksums: ## records the SHA-256 of every dependency and plugin, from nothing; .ci/run compares
	@tools/find-jdk >/dev/null
	rm -rf .mvn/checksums target/repository
	$(MVN) -Dmaven.repo.local="$(CURDIR)/target/repository" -Dtest=BytesTest -Dsurefire.failIfNoSpecifiedTests=false \
	  -Daether.artifactResolver.postProcessor.trustedChecksums=true \
	  -Daether.artifactResolver.postProcessor.trustedChecksums.checksumAlgorithms=SHA-256 \
	  -Daether.artifactResolver.postProcessor.trustedChecksums.record=true \
	  -Daether.trustedChecksumsSource.summaryFile=true \
	  -Daether.trustedChecksumsSource.summaryFile.basedir="$(CURDIR)/.mvn/checksums" \
	  -Daether.trustedChecksumsSource.summaryFile.originAware=false verify
	rm -rf target/repository
	@wc -l .mvn/checksums/*

clean: ## removes what builds left
	rm -rf target */target .build.log

.PHONY: help test quick slow golden fmt examples bench fuzz javadoc reproducible production checksums clean
