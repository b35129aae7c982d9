# The default site: dist/*.run, signed by a development key made on first use.

KB      := $(B)/keybuzz-bundle
SITE    ?= manifests
DEVKEY  := $(B)/dev.key
DEVTRUST := $(B)/dev-trust
LEVEL   ?= 3

$(DEVKEY): | $(KB)
	rm -f $(B)/dev.key $(B)/dev.pub
	$(KB) keygen $(B)/dev
	mkdir -p $(DEVTRUST)
	cp $(B)/dev.pub $(DEVTRUST)/dev.pub

bundles: all | $(DEVKEY)
	$(KB) --site $(SITE) lint
	$(KB) --site $(SITE) lock
	$(KB) --site $(SITE) fetch
	$(KB) --site $(SITE) build -o dist --key $(DEVKEY) --level $(LEVEL)

.PHONY: bundles

demo: deps
	@$(MAKE) --no-print-directory bundles
	tests/demo/run

.PHONY: demo
