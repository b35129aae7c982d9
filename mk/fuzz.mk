# Hostile inputs: fuzzing, the replay of what it found, the golden bundles.
#
#	make check-fuzz                 every kept input under ASan and UBSan
#	make fuzz FUZZ_SECONDS=600      look for new ones (FUZZ_RUNS: by number)
#	make fuzz-http FUZZ_SECONDS=60  one target
#	make fuzz-run FUZZ_RUNS=100000  each target that many executions
#	make fuzz-afl FUZZ_SECONDS=600  the same targets by AFL++ (fuzz-afl-http: one)
#	make fuzz-keep                  keep what reached something new
#	make check-golden               golden bundles with the real programs

FUZZ         := $(B)/fuzz
FUZZ_NAMES   := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 60
FUZZ_RUNS    ?= -1
# 0: another one each time
FUZZ_SEED    ?= 0
FUZZ_CC      ?= clang
# -O2: what is compiled once runs a million times
FUZZ_SAN     := -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer
# all of core, and what the targets reach of the two sides
FUZZ_SRC     := $(CORE) $(filter-out builder/main.c stub/main.c,$(BUILDER) $(STUB))
FUZZ_LIBS    := -larchive $(ZSTD) -lcrypto -lyaml
# What is found in longer inputs is found in shorter ones: bytes, where not 512.
FUZZ_LEN_key := 160
FUZZ_LEN_name := 320
FUZZ_LEN_redact := 256
FUZZ_LEN_inventory := 768
FUZZ_LEN_envfile := 5120
FUZZ_LEN_journal := 560
FUZZ_LEN_site := 1200
FUZZ_LEN_manifest := 1800
FUZZ_LEN_tar := 3072
FUZZ_LEN_archive := 6144
FUZZ_LEN_tree := 3072
FUZZ_LEN_undo := 768
FUZZ_LEN_lock := 1024
FUZZ_LEN_header := 5120
fuzz_len = $(or $(FUZZ_LEN_$*),512)

# Comparisons lead the search to magic numbers, and in a loop over bytes cost
# more than the loop. A run by number does without: half as many again.
FUZZ_CMP     ?= 1
FUZZ_BIN     := $(FUZZ)/$(if $(FUZZ_CMP),search,run)
# no leak of ours hides behind what OpenSSL keeps until the end on purpose
FUZZ_ENV     := ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0 \
		UBSAN_OPTIONS=print_stacktrace=1
# Memory that is freed stays away for many executions, not for thousands; who got
# it is told without unwinding. What is found is run again with replay.
FUZZ_SHORT   := quarantine_size_mb=16:malloc_context_size=2
FUZZ_QUICK   := ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0:$(FUZZ_SHORT) \
		UBSAN_OPTIONS=print_stacktrace=1

# --- replay: gcc is enough ---

$(FUZZ)/replay-obj/%.o: %.c Makefile mk/fuzz.mk
	@mkdir -p $(@D)
	$(call say,CC+ASAN,$<)
	$(Q)$(CC) $(BASE) $(REPRO) $(FUZZ_SAN) -DKB_REPLAY -MMD -MP -c $< -o $@

$(FUZZ)/replay.a: $(FUZZ_SRC:%.c=$(FUZZ)/replay-obj/%.o)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

FUZZ_REPLAY := $(patsubst %.c,$(FUZZ)/replay-obj/%.o,tests/fuzz/replay.c \
	       $(FUZZ_NAMES:%=tests/fuzz/fuzz_%.c))
$(FUZZ)/replay: $(FUZZ_REPLAY) $(FUZZ)/replay.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(BASE) $(FUZZ_SAN) -pie -o $@ $^ $(FUZZ_LIBS)

check-fuzz: $(FUZZ)/replay
	$(FUZZ_ENV) $(FUZZ)/replay tests/fuzz/corpus

# --- search: one program per target ---

# The judges of the tests are not what is to be explored.
fuzz_explored = $(if $(filter tests/%,$<),,-fsanitize=fuzzer-no-link \
		$(if $(FUZZ_CMP),,-fno-sanitize-coverage=trace-cmp))

$(FUZZ_BIN)/obj/%.o: %.c Makefile mk/fuzz.mk
	@mkdir -p $(@D)
	$(call say,CC+FUZZ,$<)
	$(Q)$(FUZZ_CC) $(BASE) $(FUZZ_SAN) $(fuzz_explored) \
		-MMD -MP -c $< -o $@

$(FUZZ_BIN)/fuzz.a: $(FUZZ_SRC:%.c=$(FUZZ_BIN)/obj/%.o)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(FUZZ_BIN)/fuzz_%: $(FUZZ_BIN)/obj/tests/fuzz/fuzz_%.o $(FUZZ_BIN)/fuzz.a
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CC) $(BASE) $(FUZZ_SAN) -fsanitize=fuzzer -pie -o $@ $^ $(FUZZ_LIBS)

fuzz: $(FUZZ_NAMES:%=fuzz-%)

$(FUZZ_NAMES:%=fuzz-%): fuzz-%: $(FUZZ_BIN)/fuzz_%
	@mkdir -p $(FUZZ)/corpus/$*
	$(Q)$(FUZZ_QUICK) $< $(FUZZ)/corpus/$* tests/fuzz/corpus/$* -max_len=$(fuzz_len) \
		-timeout=20 -max_total_time=$(FUZZ_SECONDS) -runs=$(FUZZ_RUNS) -rss_limit_mb=2048 \
		-seed=$(FUZZ_SEED) -print_final_stats=1 -artifact_prefix=$(FUZZ)/found-$*- \
		$(if $(wildcard tests/fuzz/dict/$*),-dict=tests/fuzz/dict/$*) \
		>$(FUZZ)/$*.log 2>&1 || { tail -n 60 $(FUZZ)/$*.log; exit 1; }
	@awk -v name=$* '/^stat::number_of_executed_units/ { runs = $$2 } \
		/cov: / { for (i = 1; i < NF; i++) if ($$i == "cov:") cov = $$(i + 1) } \
		END { printf "fuzz %-10s %9d executions, %5d edges, no findings\n", name, runs, cov }' \
		$(FUZZ)/$*.log

# --- the same targets by AFL++, which mutates otherwise ---

$(FUZZ)/afl-obj/%.o: %.c Makefile mk/fuzz.mk
	@mkdir -p $(@D)
	$(call say,CC+AFL,$<)
	$(Q)AFL_QUIET=1 afl-clang-fast $(BASE) $(FUZZ_SAN) -MMD -MP -c $< -o $@

$(FUZZ)/afl.a: $(FUZZ_SRC:%.c=$(FUZZ)/afl-obj/%.o)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(FUZZ)/afl_%: $(FUZZ)/afl-obj/tests/fuzz/fuzz_%.o $(FUZZ)/afl.a
	$(call say,LINK,$@)
	$(Q)AFL_QUIET=1 afl-clang-fast $(BASE) $(FUZZ_SAN) -fsanitize=fuzzer -pie -o $@ $^ $(FUZZ_LIBS)

fuzz-afl: $(FUZZ_NAMES:%=fuzz-afl-%)

# What crashes or hangs is in afl-NAME/default/. AFL++ takes no empty input.
$(FUZZ_NAMES:%=fuzz-afl-%): fuzz-afl-%: $(FUZZ)/afl_%
	@rm -rf $(FUZZ)/afl-$* $(FUZZ)/afl-in-$*
	@mkdir -p $(FUZZ)/afl-in-$*
	@find tests/fuzz/corpus/$* -type f -size +0 -exec cp -t $(FUZZ)/afl-in-$* {} +
	$(Q)AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_FAST_CAL=1 \
		AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0:quarantine_size_mb=16 \
		UBSAN_OPTIONS=abort_on_error=1:halt_on_error=1:symbolize=0 \
		afl-fuzz -V $(FUZZ_SECONDS) -m none -t 5000+ -g 1 -G $(fuzz_len) \
		$(if $(wildcard tests/fuzz/dict/$*),-x tests/fuzz/dict/$*) \
		-i $(FUZZ)/afl-in-$* -o $(FUZZ)/afl-$* -- $< >$(FUZZ)/afl-$*.log 2>&1 || \
		{ tail -n 30 $(FUZZ)/afl-$*.log; exit 1; }
	@awk -v name=$* '$$1 == "execs_done" { runs = $$3 } $$1 == "edges_found" { cov = $$3 } \
		$$1 == "saved_crashes" || $$1 == "saved_hangs" { bad += $$3 } \
		END { printf "afl %-10s %9d executions, %5d edges, %d findings\n", name, runs, cov, bad; \
			exit bad > 0 || runs == 0 }' $(FUZZ)/afl-$*/default/fuzzer_stats

# By number and not by time, and but for the full run the same inputs each time:
# what it finds then has come with the change. With -j2 two at a time.
fuzz-run:
	@$(MAKE) --no-print-directory FUZZ_SECONDS=0 FUZZ_CMP= FUZZ_SEED=$(if $(FULL),0,1) \
		FUZZ_RUNS=$(if $(filter-out -1,$(FUZZ_RUNS)),$(FUZZ_RUNS),20000) fuzz
	@echo "$(words $(FUZZ_NAMES)) passed, 0 failed"

# The fewest and smallest inputs that reach all that is reached, by edges.
fuzz-keep: $(FUZZ_NAMES:%=$(FUZZ_BIN)/fuzz_%)
	$(Q)for name in $(FUZZ_NAMES); do \
		rm -rf $(FUZZ)/keep/$$name; \
		mkdir -p $(FUZZ)/keep/$$name $(FUZZ)/corpus/$$name; \
		$(FUZZ_BIN)/fuzz_$$name -merge=1 -use_counters=0 -max_len=4096 $(FUZZ)/keep/$$name \
			tests/fuzz/corpus/$$name $(FUZZ)/corpus/$$name >$(FUZZ)/keep.log 2>&1 || \
			{ tail -n 30 $(FUZZ)/keep.log; exit 1; }; \
		for input in $(FUZZ)/keep/$$name/*; do \
			cmp -s "$$input" tests/fuzz/corpus/$$name/"$${input##*/}" || \
				cp "$$input" tests/fuzz/corpus/$$name/; \
		done; \
	done

-include $(patsubst %.c,$(FUZZ)/replay-obj/%.d,$(FUZZ_SRC) $(wildcard tests/fuzz/*.c)) \
	$(patsubst %.c,$(FUZZ_BIN)/obj/%.d,$(FUZZ_SRC) $(wildcard tests/fuzz/*.c)) \
	$(patsubst %.c,$(FUZZ)/afl-obj/%.d,$(FUZZ_SRC) $(wildcard tests/fuzz/*.c))

# --- golden bundles ---

$(B)/golden: $(call obj,$(wildcard tests/golden/*.c) $(CORE))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie -o $@ $^ -larchive $(ZSTD) -lcrypto

# Make them again; refuses to change one that is there, see tests/golden/make.c.
golden: $(B)/golden
	$(B)/golden tests/golden

check-golden: $(B)/golden $(B)/keybuzz-bundle $(B)/keybuzz-run
	tests/golden/run $(B)

.SECONDARY: $(FUZZ_NAMES:%=$(FUZZ_BIN)/obj/tests/fuzz/fuzz_%.o) \
	$(FUZZ_NAMES:%=$(FUZZ)/afl-obj/tests/fuzz/fuzz_%.o)
.PHONY: check-fuzz fuzz fuzz-run fuzz-keep golden check-golden $(FUZZ_NAMES:%=fuzz-%)
.PHONY: fuzz-afl $(FUZZ_NAMES:%=fuzz-afl-%)
