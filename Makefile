# KeyBuzz offline: `make deps all`, then `make demo` or `make check`.
# All output goes to build/ (programs, objects) and dist/ (bundles).

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
export LC_ALL = C

VERSION := 0.1.0
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
B       := build
# `make V=1` shows whole commands
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-8s%s\n' $(1) $(2))
DESTDIR ?=
PREFIX  ?= /usr/local

# Warnings are errors. Hardening as docs/security.md lists it; the prefix map
# keeps the folder of the checkout out of the binaries.
WARN    := -Wall -Wextra -Wconversion -Wformat=2 -Wno-format-nonliteral -Wshadow -Wpointer-arith -Wstrict-prototypes \
	   -Wmissing-prototypes -Wvla -Wundef -Wno-sign-conversion -Werror -Werror=date-time
HARDEN  := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	   -fcf-protection=full -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr \
	   -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
REPRO   := -ffile-prefix-map=$(CURDIR)=. -gno-record-gcc-switches -frandom-seed=keybuzz
BASE    := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -DKB_VERSION='"$(VERSION)"' \
	   -fPIE -fno-common -fvisibility=hidden -ffunction-sections -fdata-sections -pthread
CFLAGS  := -O2 -g $(HARDEN)
LDHARD  := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--gc-sections \
	   -Wl,--as-needed -Wl,--build-id=none
ALLCFLAGS = $(BASE) $(WARN) $(REPRO) $(CFLAGS)

CORE    := $(sort $(wildcard core/*.c))
BUILDER := $(sort $(wildcard builder/*.c))
STUB    := $(sort $(wildcard stub/*.c))
UNIT    := $(sort $(wildcard tests/unit/*.c))
HEADERS := $(sort $(wildcard core/*.h builder/*.h stub/*.h))
obj      = $(patsubst %.c,$(B)/obj/%.o,$(1))
# everything but the mains, for the unit tests
LIBOBJ   = $(call obj,$(filter-out builder/main.c stub/main.c,$(CORE) $(BUILDER) $(STUB)))

# zstd is linked statically everywhere: its version decides the bytes of a
# bundle, so it is part of the program and not of the machine.
ZSTD    := -l:libzstd.a

all: $(B)/keybuzz-bundle $(B)/keybuzz-run

-include mk/*.mk

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALLCFLAGS) -MMD -MP -c $< -o $@

$(B)/keybuzz-bundle: $(call obj,$(CORE) $(BUILDER))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie $(LDHARD) -o $@ $^ -larchive $(ZSTD) -lcrypto -lyaml

# The host side is one static program; any "Using 'x' in statically linked
# applications" word from the linker is an error. See stub/closed_doors.c.
CLOSED  := dlopen dlsym dlclose dlerror dladdr getaddrinfo freeaddrinfo gai_strerror \
	   gethostbyname getnameinfo
$(B)/keybuzz-run: $(call obj,$(CORE) $(STUB))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -static-pie $(LDHARD) -Wl,--fatal-warnings \
		$(CLOSED:%=-Wl,--wrap=%) -o $@.part $^ \
		-l:libarchive.a $(ZSTD) -l:libcrypto.a
	$(Q)strip --strip-all $@.part
	$(Q)mv $@.part $@

$(B)/unit: $(call obj,$(UNIT)) $(LIBOBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie -o $@ $^ -larchive $(ZSTD) -lcrypto -lyaml -lcmocka

-include $(patsubst %.o,%.d,$(call obj,$(CORE) $(BUILDER) $(STUB) $(UNIT)))

clean:
	rm -rf $(B) dist

install: all
	install -d $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0755 $(B)/keybuzz-bundle $(DESTDIR)$(PREFIX)/bin/
	install -m 0755 $(B)/keybuzz-run $(DESTDIR)$(PREFIX)/bin/
	install -m 0644 docs/keybuzz-bundle.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 0644 docs/keybuzz-run.8 $(DESTDIR)$(PREFIX)/share/man/man8/

.PHONY: all install clean
