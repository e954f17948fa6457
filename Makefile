# An index: the logic is in Maven and in the sources. Every target finds JDK 25 by tools/find-jdk.
MVN = JAVA_HOME="$$(tools/find-jdk)" ./mvnw --batch-mode --no-transfer-progress

test:   ; $(MVN) -q verify                 # everything CI checks
quick:  ; $(MVN) -q -Pquick -Dtest.fast verify  # the inner loop: no Error Prone, no format check
slow:   ; $(MVN) -q -Pslow verify          # adds the statistics of the noise and the soak runs
golden: ; $(MVN) -q -Dgolden=update verify # rewrites golden files; read the diff
fmt:    ; $(MVN) -q spotless:apply         # formats every source
.PHONY: test quick slow golden fmt
