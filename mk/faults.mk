# Installs that are killed, lied to by the kernel, short of memory, or given
# bundles with another byte.
#
#	make check-faults           a share of all points, evenly spread
#	make check-faults FULL=1    every point
#	make check-powercut         disks as the power left them, FULL=1: on three kinds
#	make check-tamper           bytes of a bundle, FULL=1: ten million
#
# Points are for each scenario of tests/faults/sweep.c.

FAULTS      := $(B)/faults
MINI        := $(wildcard tests/sites/mini/*/* tests/sites/mini/*/*/*)
FAULTS_SWEEP := tests/faults/copy.c tests/faults/list.c tests/faults/sweep.c tests/faults/trace.c \
	       tests/faults/world.c
KILL_POINTS ?= $(if $(FULL),0,255)
KILL_PAIRS  ?= $(if $(FULL),0,52)
TAMPER_BYTES ?= $(if $(FULL),10000000,202000)
TAMPER_RUNS ?= $(if $(FULL),20000,2100)
CUT_ON      ?= ext4 $(if $(FULL),xfs btrfs)
CUT_STATES  ?= $(if $(FULL),1500,90)
SIGNAL_POINTS ?= $(if $(FULL),0,60)
ERROR_CALLS ?= $(if $(FULL),0,450)
ERROR_ALLOCATIONS ?= $(if $(FULL),0,60)

FAULTS_SWEEPS := kill signals modes errors verbs powercut tamper
$(FAULTS)/kill: $(call obj,tests/faults/kill.c $(FAULTS_SWEEP))
$(FAULTS)/signals: $(call obj,tests/faults/signals.c $(FAULTS_SWEEP))
$(FAULTS)/modes: $(call obj,tests/faults/modes.c $(FAULTS_SWEEP))
$(FAULTS)/errors: $(call obj,tests/faults/errors.c $(FAULTS_SWEEP))
$(FAULTS)/verbs: $(call obj,tests/faults/verbs.c $(filter-out %/sweep.c,$(FAULTS_SWEEP)))
$(FAULTS)/tamper: $(call obj,tests/attack/tamper.c $(FAULTS_SWEEP))
$(FAULTS)/powercut: $(call obj,tests/faults/powercut.c tests/faults/disk.c $(FAULTS_SWEEP))
$(FAULTS)/powercut: FAULTS_LIBS := -lfuse3
$(FAULTS_SWEEPS:%=$(FAULTS)/%): $(LIBOBJ)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie -o $@ $^ -larchive $(ZSTD) -lcrypto -lyaml $(FAULTS_LIBS)

$(B)/closed: $(call obj,tests/attack/closed.c) $(call obj,$(CORE))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie -o $@ $^ -larchive $(ZSTD) -lcrypto

# the program with an allocator that fails when it is told to
$(FAULTS)/keybuzz-run: $(call obj,tests/faults/malloc.c $(CORE) $(STUB))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -static-pie $(LDHARD) $(CLOSED:%=-Wl,--wrap=%) \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@.part $^ \
		-l:libarchive.a $(ZSTD) -l:libcrypto.a
	$(Q)strip --strip-all $@.part
	$(Q)mv $@.part $@

# static: it stands in for a program of a host that has no library of ours
$(FAULTS)/systemctl: $(call obj,tests/faults/systemctl.c $(CORE))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -static-pie $(LDHARD) $(CLOSED:%=-Wl,--wrap=%) -o $@ $^ \
		$(call obj,stub/closed_doors.c) -l:libarchive.a $(ZSTD) -l:libcrypto.a

$(FAULTS)/bundles/made: tests/faults/make-bundles $(MINI) $(B)/keybuzz-bundle $(B)/keybuzz-run
	$(call say,BUNDLES,$(@D))
	$(Q)tests/faults/make-bundles $(@D)
	@touch $@

FAULTS_WORLD := $(CURDIR)/$(FAULTS)/bundles $(CURDIR)/$(B)/keybuzz-run $(CURDIR)/$(FAULTS)/systemctl

check-kill: $(FAULTS)/kill $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(FAULTS)/kill $(FAULTS_WORLD) $(KILL_POINTS) $(KILL_PAIRS)

check-signals: $(FAULTS)/signals $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(FAULTS)/signals $(FAULTS_WORLD) $(SIGNAL_POINTS) 0

check-modes: $(FAULTS)/modes $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(FAULTS)/modes $(FAULTS_WORLD) 0 0

check-errors: $(FAULTS)/errors $(FAULTS)/keybuzz-run $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(FAULTS)/errors $(subst $(B)/keybuzz-run,$(FAULTS)/keybuzz-run,$(FAULTS_WORLD)) \
		$(ERROR_CALLS) $(ERROR_ALLOCATIONS)

check-verbs: $(FAULTS)/verbs $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(FAULTS)/verbs $(FAULTS_WORLD)

check-tamper: $(FAULTS)/tamper $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(FAULTS)/tamper $(FAULTS_WORLD) $(TAMPER_BYTES) $(TAMPER_RUNS)

check-closed: $(B)/closed $(FAULTS)/bundles/made
	$(Q)mkdir -p $(FAULTS)/anchors && cp $(FAULTS)/bundles/test.pub $(FAULTS)/anchors/
	$(B)/closed $(FAULTS)/bundles/release-1/keybuzz-mini.run $(FAULTS)/anchors

check-powercut: $(FAULTS)/powercut $(FAULTS)/systemctl $(FAULTS)/bundles/made
	$(Q)for fs in $(CUT_ON); do \
		echo "power cuts on $$fs" && \
		KEYBUZZ_CUT_FS=$$fs $(FAULTS)/powercut $(FAULTS_WORLD) $(CUT_STATES) 0 || exit 1; \
	done

check-faults: check-verbs check-kill check-signals check-errors

.PHONY: check-kill check-modes check-signals check-errors check-verbs check-tamper \
	check-powercut check-closed check-faults

-include $(patsubst %.o,%.d,$(call obj,$(wildcard tests/faults/*.c) \
	tests/attack/tamper.c tests/attack/closed.c))
