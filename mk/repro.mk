# The same sources give the same programs, the same site the same bundles:
# tests/repro/run says how that is shown. And the list of what the programs
# were made with, for the provenance.

# name linked-into-the-host-program, in order of name
LIBRARIES := binutils:false gcc-$(shell $(CC) -dumpversion | cut -d. -f1):false \
	libarchive-dev:true libc6-dev:true libssl-dev:true libzstd-dev:true

$(B)/gen/builder/libraries.h: FORCE
	@mkdir -p $(@D)
	@part=$@.$$$$; for l in $(LIBRARIES); do \
		dpkg-query -W -f='	{"$${Package}", "$${Version}", "$${Architecture}", '"$${l#*:}"'},\n' \
			"$${l%:*}" 2>/dev/null; \
	done >$$part; \
	if cmp -s $$part $@; then rm $$part; else mv $$part $@; fi

$(B)/obj/builder/provenance_libraries.o: $(B)/gen/builder/libraries.h
$(B)/obj/builder/provenance_libraries.o: BASE += -I$(B)/gen

# The builder as it would be with another zstd, for tests of rebuild.
$(B)/other-zstd-bundle: $(call obj,$(CORE) $(BUILDER)) tests/evidence/other_zstd.c
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALLCFLAGS) -pie $(LDHARD) -Wl,--wrap=ZSTD_versionString \
		-Wl,--wrap=ZSTD_getCParams -o $@ $^ -larchive $(ZSTD) -lcrypto -lyaml

check-repro: all
	BUILD=$(B) tests/repro/run

check-evidence: all $(B)/other-zstd-bundle
	BUILD=$(B) tests/evidence/run

FORCE:

.PHONY: FORCE check-repro check-evidence
