# Everything the project needs on Debian or Ubuntu, by apt. Quick when it is
# all there. The host program and the bundles need none of it.

DEPS_BUILD := build-essential pkg-config libarchive-dev libzstd-dev libssl-dev libyaml-dev
DEPS_SITE  := mmdebstrap skopeo curl debian-archive-keyring dpkg-dev
DEPS_TEST  := libcmocka-dev clang clang-format clang-tidy cppcheck shellcheck valgrind strace \
	      systemd-container iproute2 nftables tcpdump openssh-client openssl xfsprogs e2fsprogs btrfs-progs \
	      docker-registry gnupg makeself zstd jq mandoc minisign gcovr python3 python3-pika \
	      python3-jsonschema procps fuse3 libfuse3-dev disorderfs faketime afl++
DEPS       := $(DEPS_BUILD) $(DEPS_SITE) $(DEPS_TEST)

deps:
	@missing=; for p in $(DEPS); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || \
			missing="$$missing $$p"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "make deps: root is needed to install:$$missing" >&2; exit 1; }; \
	apt-get update -q && \
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing

.PHONY: deps
