# make lint: every static check, each a target of its own. `make -j2 -k lint`
# shows all findings of all of them. What is slow keeps a stamp per file in
# build/lint, so that a second run costs what was changed.
#
# `make format` lays the sources out as lint-format wants them.

LINT    := $(B)/lint
# the same for each analyzer; the sources are C only
LINT_C  := $(sort $(wildcard core/*.c builder/*.c stub/*.c tests/*/*.c))
LINT_H  := $(sort $(wildcard core/*.h builder/*.h stub/*.h tests/*/*.h))
# only our own programs are worth the hours of a path-sensitive analyzer
LINT_OURS := $(CORE) $(BUILDER) $(STUB)
LINT_SIZE_MAX := 450

LINTS := format tidy recursion analyzer cppcheck shell headers includes functions literals \
	 cases size stub
lint: $(LINTS:%=lint-%)
	@echo "lint: clean"

# --- layout ---

lint-format: $(LINT)/format.ok
$(LINT)/format.ok: $(LINT_C) $(LINT_H) .clang-format
	$(call say,FORMAT,"$(words $(LINT_C) $(LINT_H)) files")
	@mkdir -p $(@D)
	$(Q)clang-format --dry-run -Werror $(LINT_C) $(LINT_H)
	@touch $@

format:
	clang-format -i $(LINT_C) $(LINT_H)

# --- per file: clang-tidy on all of it, the analyzers on our programs ---

# depends on every header the file includes, as a compiler lists them
lint_deps = $(CC) $(BASE) -MM -MP -MT $@ -MF $(@:.ok=.d) $<

lint-tidy: $(LINT_C:%.c=$(LINT)/tidy/%.ok)
$(LINT)/tidy/%.ok: %.c .clang-tidy tests/.clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- $(BASE) $(LINT_CLANG_WARN) 2>$(@:.ok=.err) || \
		{ grep -v 'warnings\? .*generated' $(@:.ok=.err); exit 1; }
	@$(lint_deps)
	@touch $@
LINT_CLANG_WARN := -Wall -Wextra -Wshadow

lint-analyzer: $(LINT_OURS:%.c=$(LINT)/analyzer/%.ok)
# The first wants the functions of C11 Annex K, which glibc does not have; the
# second takes `fd = -1` for dead where kb_autoclose looks at it.
LINT_CLANG_OFF := security.insecureAPI.DeprecatedOrUnsafeBufferHandling,deadcode.DeadStores
# The bound on nodes gives the same findings on this tree as clang's default,
# in a quarter of the time.
LINT_CLANG := -Xclang -analyzer-werror -Xclang -analyzer-output=text \
	      -Xclang -analyzer-config -Xclang max-nodes=40000 \
	      -Xclang -analyzer-checker=core,unix,security,nullability,valist,optin.portability \
	      -Xclang -analyzer-disable-checker=$(LINT_CLANG_OFF)
lint_model = $(if $(filter core/err.c,$<),,-include tests/lint/model.h)
# maybe-uninitialized is for -O2, which the build itself uses.
$(LINT)/analyzer/%.ok: %.c
	@mkdir -p $(@D)
	$(call say,ANALYZE,$<)
	$(Q)$(CC) $(BASE) $(WARN) -Wno-maybe-uninitialized -O1 -fanalyzer $(lint_model) -MMD -MP -MT $@ -MF $(@:.ok=.d) -c $< \
		-o $(@:.ok=.o)
	$(Q)clang --analyze $(LINT_CLANG) $(BASE) $(lint_model) $< -o $(@:.ok=.plist)
	@touch $@

lint-headers: $(LINT_H:%=$(LINT)/headers/%.ok)
$(LINT)/headers/%.h.ok: %.h
	@mkdir -p $(@D)
	$(call say,HEADER,$<)
	$(Q)$(CC) $(BASE) $(WARN) -fsyntax-only -MMD -MP -MT $@ -MF $(@:.ok=.d) -x c $<
	@touch $@

-include $(LINT_C:%.c=$(LINT)/tidy/%.d) $(LINT_OURS:%.c=$(LINT)/analyzer/%.d) \
	$(LINT_H:%=$(LINT)/headers/%.d)

# --- the whole tree at once ---

lint-recursion: $(LINT)/recursion.ok
$(LINT)/recursion.ok: $(LINT_OURS) $(HEADERS) tests/lint/recursion tests/lint/recursion.tsv
	$(call say,RECURSE,"against tests/lint/recursion.tsv")
	@mkdir -p $(@D)
	$(Q)tests/lint/recursion $(LINT_OURS) -- $(BASE)
	@touch $@

lint-cppcheck: $(LINT)/cppcheck.ok
$(LINT)/cppcheck.ok: $(LINT_OURS) $(HEADERS) tests/lint/cppcheck.supp
	$(call say,CHECK,"$(words $(LINT_OURS)) files")
	@mkdir -p $(LINT)/cppcheck
	$(Q)cppcheck --quiet -j2 --enable=warning,performance,portability --error-exitcode=1 \
		--std=c11 --platform=unix64 --library=posix,gnu --inline-suppr \
		--suppressions-list=tests/lint/cppcheck.supp --cppcheck-build-dir=$(LINT)/cppcheck \
		--template='{file}:{line}:{column}: {id}: {message}' \
		-I. -D_GNU_SOURCE '-DKB_VERSION="$(VERSION)"' $(LINT_OURS)
	@touch $@

# looked for only when they are asked for: this reads the head of every file
ifneq ($(filter lint lint-shell,$(MAKECMDGOALS)),)
LINT_SHELL := $(shell tests/lint/files --shell)
endif
lint-shell: $(LINT_SHELL:%=$(LINT)/shell/%.ok)
# dash is POSIX plus `local`; scripts for bash say so in their first line. Each
# file is looked at alone: following what it sources takes minutes for some.
$(LINT)/shell/%.ok: %
	@mkdir -p $(@D)
	$(call say,SHELL,$<)
	$(Q)shellcheck --exclude=SC3043,SC1091,SC2154 $<
	@touch $@

lint-includes:
	$(call say,INCLUDE,"core knows neither side")
	$(Q)tests/lint/includes

lint-functions:
	$(call say,CALLS,"against tests/lint/functions.tsv")
	$(Q)tests/lint/functions

lint-cases:
	$(call say,CASES,"docs/security.md against the tests")
	$(Q)tests/lint/cases

lint-literals: $(LINT)/secrets
	$(call say,LITERAL,"no secrets and no public addresses")
	$(Q)tests/lint/literals $(LINT)/secrets
# what a secret looks like is said once, in the builder's own lint
$(LINT)/secrets: $(call obj,tests/lint/secrets.c builder/lint_secrets.c $(CORE))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie -o $@ $^ -larchive $(ZSTD) -lcrypto

lint-size:
	@awk 'FNR == 1 { n++ } { lines[FILENAME]++ } \
	END { for (f in lines) if (lines[f] > $(LINT_SIZE_MAX)) \
		printf "  note: %s has %d lines; split it by verb?\n", f, lines[f] }' \
		$(LINT_C) $(LINT_H) | sort

# --- proofs on the host program ---

# Linked again, not stripped and with a map. That it is the same program shows
# when it is stripped: then it must be build/keybuzz-run, byte for byte.
lint-stub: $(LINT)/stub.ok
$(LINT)/stub.ok: $(B)/keybuzz-run tests/lint/stub tests/lint/stub.tsv
	@mkdir -p $(@D)
	$(call say,PROVE,$(B)/keybuzz-run)
	$(Q)$(CC) $(ALLCFLAGS) -static-pie $(LDHARD) $(CLOSED:%=-Wl,--wrap=%) \
		-Wl,-Map=$(LINT)/stub.map -Wl,--cref -o $(LINT)/stub.full $(call obj,$(CORE) $(STUB)) \
		-l:libarchive.a $(ZSTD) -l:libcrypto.a 2>$(LINT)/stub.log
	$(Q)tests/lint/stub $(B)/keybuzz-run $(LINT)/stub.full $(LINT)/stub.map $(LINT)/stub.log
	@touch $@

.PHONY: lint format $(LINTS:%=lint-%)
