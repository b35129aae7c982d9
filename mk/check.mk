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

# Real hosts.
# Long ones, of up to eight hosts: with all the rest only.
LONG = postgres='tests/roles/postgres/cluster' \
	lb='tests/roles/lb/cluster' \
	lbpostgres='tests/roles/lb/postgres' \
	lbrabbitmq='tests/roles/lb/rabbitmq' \
	lbmariadb='tests/roles/lb/mariadb' \
	site='tests/roles/site/cluster'
HOSTS = $(if $(FULL),$(LONG)) \
	rabbitmq='tests/roles/rabbitmq/cluster' \
	mariadb='tests/roles/mariadb/cluster' \
	redis='tests/roles/redis/cluster' \
	bare='tests/roles/bare/cluster' \
	base='tests/roles/base/hosts' \
	ospackages='tests/roles/packages/hosts' \
	volume='tests/roles/volume/hosts' \
	hosts='tests/hosts/selftest' \
	refusals='tests/attack/refusals' \
	memory='SIZE_MB=$(MEMORY_MB) tests/attack/memory'
MEMORY_MB ?= 600

# Hosts made of a folder, by the thousand: killed, undone, given other bytes.
FAULTY := faults='make -s check-verbs check-kill check-signals check-modes' \
	  errors='make -s check-errors' \
	  powercut='make -s check-powercut' \
	  tamper='make -s check-tamper' \
	  surroundings='make -s check-environment check-limits check-races' \
	  steps='make -s check-steps' \
	  streams='make -s check-streams' \
	  records='make -s check-secrets check-state' \
	  fuzz='make -s fuzz-run FUZZ_RUNS=$(FUZZ_SHARE)'
FUZZ_SHARE ?= $(if $(FULL),100000000,20000)
# Suites at a time: those on hosts mostly wait.
SUITES ?= 3

# Where the bytes come from: registries and archives on the loopback.
SUPPLY := registry='tests/supply/test_registry.sh' \
	  packages='tests/supply/test_packages.sh' \
	  files='tests/supply/test_files.sh' \
	  inputs='tests/attack/inputs' \
	  debian='tests/supply/test_debian.sh'

# What is released: the same bytes everywhere, and the papers that go with them.
RELEASE := repro='make -s check-repro' \
	   evidence='make -s check-evidence' \
	   coverage='make -s check-coverage'

LINTED := lint='make -s lint && echo "1 passed, 0 failed"'

check-unit: $(B)/unit
	$(B)/unit

# The dist/ that several suites look at is made first.
check-quick: bundles $(B)/unit
	tests/suite -j $(SUITES) $(QUICK)

# Made before, so that no two suites make the same thing at the same time.
PREPARED = $(B)/unit $(B)/golden $(B)/closed $(FUZZ)/replay $(FAULTS_SWEEPS:%=$(FAULTS)/%) \
	   $(FAULTS)/keybuzz-run $(FAULTS)/systemctl $(FAULTS)/bundles/made $(ATTACK)/host \
	   $(ATTACK)/odd $(ATTACK)/bundles/made

# The longest first, so that the last two end together.
check: deps
	@$(MAKE) --no-print-directory bundles $(PREPARED)
	tests/suite -j $(SUITES) $(HOSTS) $(FAULTY) $(LINTED) $(RELEASE) $(SUPPLY) $(QUICK)

# The same suites, each with all it has.
check-full: export FULL = 1
check-full: MEMORY_MB = 4200
check-full: check

bench: bundles
	tests/bench/run

.PHONY: check-unit check-quick check check-full bench
