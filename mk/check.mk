# Tests. Each suite counts what passed and failed; tests/suite adds them up and
# prints 'N passed, N failed' last.

# No hosts, no root needed for most of it, under two minutes.
QUICK := unit='make -s check-unit' \
	 cli='tests/cli/run' \
	 golden='tests/golden/run' \
	 corpus='make -s check-fuzz' \
	 opens='tests/attack/opens'

# Real hosts, a real registry, real packages.
HOSTS := hosts='tests/hosts/selftest' \
	 refusals='tests/attack/refusals' \
	 redis='tests/roles/redis/cluster'

SLOW  := lint='make -s lint && echo "1 passed, 0 failed"' \
	 images='tests/roles/images/run' \
	 repro='make -s check-repro' \
	 evidence='make -s check-evidence' \
	 memory='tests/attack/memory'

check-unit: $(B)/unit
	$(B)/unit

# The dist/ that several suites look at is made first.
check-quick: bundles $(B)/unit
	tests/suite $(QUICK)

check: deps
	@$(MAKE) --no-print-directory bundles $(B)/unit
	tests/suite $(QUICK) $(SLOW) $(HOSTS)

bench: bundles
	tests/bench/run

.PHONY: check-unit check-quick check bench
