# Attacks on a host made of a folder, each suite a script in there:
#
#	make check-environment      C: what surrounds a run
#	make check-attacks          all of them

ATTACK  := $(B)/attack
ATTACKS := environment limits streams steps races secrets state

$(ATTACK)/host: $(call obj,tests/attack/host.c tests/faults/copy.c tests/faults/list.c \
		tests/faults/trace.c tests/faults/world.c)
$(ATTACK)/odd: $(call obj,tests/attack/odd.c tests/faults/copy.c)
$(ATTACK)/host $(ATTACK)/odd: $(LIBOBJ)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie -o $@ $^ -larchive $(ZSTD) -lcrypto -lyaml

# static: it runs on a host that has no library of ours
$(ATTACK)/drive: $(call obj,tests/attack/engine/drive.c $(CORE) $(filter-out stub/main.c,$(STUB)))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -static-pie $(LDHARD) $(CLOSED:%=-Wl,--wrap=%) -o $@ $^ \
		-l:libarchive.a $(ZSTD) -l:libcrypto.a

$(ATTACK)/bundles/made: tests/attack/make-bundles $(wildcard tests/sites/mini/*/*) \
		$(wildcard tests/sites/mini/*/*/*) $(B)/keybuzz-bundle $(B)/keybuzz-run
	$(call say,BUNDLES,$(@D))
	$(Q)tests/attack/make-bundles $(@D)
	@touch $@

$(ATTACKS:%=check-%): check-%: $(ATTACK)/host $(ATTACK)/odd $(B)/faults/systemctl \
		$(ATTACK)/bundles/made
	$(ATTACK)/host $(CURDIR)/$(ATTACK)/bundles $(CURDIR)/$(B)/keybuzz-run \
		$(CURDIR)/$(B)/faults/systemctl $(CURDIR)/tests/attack/$*

check-attacks: $(ATTACKS:%=check-%)

.PHONY: check-attacks $(ATTACKS:%=check-%)

-include $(patsubst %.o,%.d,$(call obj,tests/attack/host.c tests/attack/odd.c \
	tests/attack/engine/drive.c))
