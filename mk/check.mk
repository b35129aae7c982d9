# Tests. Each suite counts what passed and failed; tests/suite adds them up and
# prints 'N passed, N failed' last.

# No hosts, no root needed for most of it, under two minutes.
QUICK := unit='make -s check-unit' \
	 cli='tests/cli/run' \
	 golden='make -s check-golden' \
	 corpus='make -s check-fuzz' \
	 opens='tests/attack/opens'

# Real hosts.
HOSTS = hosts='tests/hosts/selftest' \
	 refusals='tests/attack/refusals' \
	 memory='SIZE_MB=$(MEMORY_MB) tests/attack/memory' \
	 base='tests/roles/base/hosts' \
	 bare='tests/roles/bare/cluster' \
	 redis='tests/roles/redis/cluster'
MEMORY_MB ?= 600
# Suites at a time: those on hosts mostly wait.
SUITES ?= 2

# Where the bytes come from: registries and archives on the loopback.
SUPPLY := registry='tests/supply/test_registry.sh' \
	  packages='tests/supply/test_packages.sh'

# What takes longer, or has not yet run often enough to hold up a change.
MORE  = lint='make -s lint && echo "1 passed, 0 failed"' \
	 debian='tests/supply/test_debian.sh' \
	 repro='make -s check-repro' \
	 evidence='make -s check-evidence'

LINT_QUICK := format headers includes functions literals recursion stub size

check-unit: $(B)/unit
	$(B)/unit

# The dist/ that several suites look at is made first.
check-quick: bundles $(B)/unit
	tests/suite $(QUICK)

check: deps
	@$(MAKE) --no-print-directory bundles $(B)/unit
	tests/suite -j $(SUITES) $(QUICK) \
		lint='make -s $(LINT_QUICK:%=lint-%) && echo "1 passed, 0 failed"' \
		$(SUPPLY) $(HOSTS)

check-full: MEMORY_MB = 4200
check-full: deps
	@$(MAKE) --no-print-directory bundles $(B)/unit
	tests/suite -j $(SUITES) $(QUICK) $(SUPPLY) $(MORE) $(HOSTS)

bench: bundles
	tests/bench/run

.PHONY: check-unit check-quick check check-full bench
