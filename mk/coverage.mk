# What the tests that need no host reach, line by line and branch by branch:
#
#	make coverage         report in build/coverage/html, a line per file here
#	make check-coverage   every branch of the trust path, or it fails
#
# The trust path is the code that touches bytes nobody has vouched for, up to
# the signature; docs/architecture.md tells its way.

TRUST_PATH := core/bytes.c core/header.c core/bundle_open.c core/crypto.c core/digest.c \
	      core/key.c core/trust.c core/downgrade.c
COV        := $(B)/coverage
GCOVR      := gcovr -r . --object-directory $(COV)/obj -j1 --exclude-throw-branches

# --coverage writes its counts at exit; what ends by _exit has to be told.
covered:
	@find $(COV) -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) -s B=$(COV) CFLAGS='-O0 -g --coverage' all check-unit check-golden \
		check-closed >$(B)/coverage.log 2>&1 || { tail -n 40 $(B)/coverage.log; exit 1; }
	@BUILD=$(CURDIR)/$(COV) tests/cli/run >>$(B)/coverage.log 2>&1

coverage: covered
	@mkdir -p $(COV)/html
	$(Q)$(GCOVR) --branches --html-details $(COV)/html/index.html -s \
		-f core/ -f builder/ -f stub/ $(COV)/obj

check-coverage: covered
	$(Q)$(GCOVR) --branches --fail-under-branch 100 $(TRUST_PATH:%=-f %) $(COV)/obj
	@echo "$(words $(TRUST_PATH)) passed, 0 failed"

.PHONY: covered coverage check-coverage
