#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Name servers. Left alone unless the site names some: then by the mechanism that
# this host has. A host with no way out waits for each one that cannot answer.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

main() {
	local servers server
	servers=$(setting resolvers)

	[ -n "$servers" ] || return 0
	scratch
	if systemctl --quiet is-active systemd-resolved.service; then
		printf '# KeyBuzz\n[Resolve]\nDNS=%s\n' "$servers" >"$WORK/resolved"
		install_file "$WORK/resolved" /etc/systemd/resolved.conf.d/keybuzz.conf || true # unchanged
		follow systemd-resolved.service restart /etc/systemd/resolved.conf.d/keybuzz.conf
		return 0
	fi
	if [ -L /etc/resolv.conf ]; then
		die "/etc/resolv.conf is $(readlink -f /etc/resolv.conf), which another program writes: tell that one"
	fi
	printf '# KeyBuzz: written by the installer.\n' >"$WORK/resolv"
	for server in $servers; do
		printf 'nameserver %s\n' "$server" >>"$WORK/resolv"
	done
	grep -E '^(search|domain|options)[[:space:]]' /etc/resolv.conf >>"$WORK/resolv" 2>/dev/null || true # none
	keep_first /etc/resolv.conf
	install_file "$WORK/resolv" /etc/resolv.conf || true # it is as it should be
}

main
