# Tests. Each suite counts what passed and failed; tests/suite adds them up and
# prints 'N passed, N failed' last.

# No hosts, no root needed for most of it, under two minutes.
QUICK := unit='make -s check-unit' \
	 cli='tests/cli/run' \
	 golden='make -s check-golden' \
	 corpus='make -s check-fuzz' \
	 closed='make -s check-closed' \
	 opens='tests/attack/opens' \
	 decide='tests/roles/mariadb/decide.sh' \
	 redisdecide='tests/roles/redis/decide.sh'

# Everything else. Suites on real hosts mostly wait, the sweeps over hosts made
# of a folder and the analyzers take all there is: they stand mixed, the longest
# first, so that the processors always have work and the last ones end together.
CHECKED = $(if $(FULL),$(LONG)) \
	lbrabbitmq='tests/roles/lb/rabbitmq' \
	fuzz='make -s fuzz-run FUZZ_RUNS=$(FUZZ_SHARE)' \
	base='tests/roles/base/hosts' \
	lint='make -s lint && echo "1 passed, 0 failed"' \
	errors='make -s check-errors' \
	mariadb='tests/roles/mariadb/cluster' \
	faults='make -s check-verbs check-kill check-signals check-modes' \
	redis='tests/roles/redis/cluster' \
	postgres='tests/roles/postgres/cluster' \
	tamper='make -s check-tamper' \
	repro='make -s check-repro' \
	ospackages='tests/roles/packages/hosts' \
	steps='make -s check-steps' \
	coverage='make -s check-coverage' \
	release='tests/roles/release/hosts' \
	surroundings='make -s check-environment check-limits check-races' \
	engine='tests/attack/engine/hosts' \
	powercut='make -s check-powercut' \
	volume='tests/roles/volume/hosts' \
	debian='tests/supply/test_debian.sh' \
	hosts='tests/hosts/selftest' \
	inputs='tests/attack/inputs' \
	refusals='tests/attack/refusals' \
	streams='make -s check-streams' \
	records='make -s check-secrets check-state' \
	memory='SIZE_MB=$(MEMORY_MB) tests/attack/memory' \
	registry='tests/supply/test_registry.sh' \
	packages='tests/supply/test_packages.sh' \
	files='tests/supply/test_files.sh' \
	evidence='make -s check-evidence'
MEMORY_MB  ?= 600
FUZZ_SHARE ?= $(if $(FULL),100000000,1000000)
SUITES     ?= 3

# What takes ten minutes or more, or is also part of another suite: in the full
# run only.
LONG := lbpostgres='tests/roles/lb/postgres' \
	lbmariadb='tests/roles/lb/mariadb' \
	lb='tests/roles/lb/cluster' \
	site='tests/roles/site/cluster' \
	rabbitmq='tests/roles/rabbitmq/cluster' \
	bare='tests/roles/bare/cluster'

check-unit: $(B)/unit
	$(B)/unit

# The dist/ that several suites look at is made first.
check-quick: bundles $(B)/unit
	tests/suite -j $(SUITES) $(QUICK)

# Made before, so that no two suites make the same thing at the same time.
PREPARED = $(B)/unit $(B)/golden $(B)/closed $(FUZZ)/replay $(FAULTS_SWEEPS:%=$(FAULTS)/%) \
	   $(FAULTS)/keybuzz-run $(FAULTS)/systemctl $(FAULTS)/bundles/made $(ATTACK)/host \
	   $(ATTACK)/odd $(ATTACK)/drive $(ATTACK)/bundles/made

check: deps
	@$(MAKE) --no-print-directory bundles
	@$(MAKE) --no-print-directory -j$(shell nproc) $(PREPARED)
	tests/suite -j $(SUITES) $(CHECKED) $(QUICK)

# The same suites, each with all it has.
check-full: export FULL = 1
check-full: MEMORY_MB = 4200
check-full: check

bench: bundles
	tests/bench/run

.PHONY: check-unit check-quick check check-full bench
