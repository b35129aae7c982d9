#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What the base needs of packages is here, and dpkg has no unfinished business.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

for command in chronyd chronyc ufw iptables nft dockerd docker containerd runc curl jq \
	fail2ban-client auditctl mkfs.xfs logrotate conntrack ip ss modprobe getent; do
	command -v "$command" >/dev/null || die "$command is missing: its package is not installed"
done
audit=$(dpkg --audit)
[ -z "$audit" ] || die "dpkg --audit: $(printf '%s\n' "$audit" | head -n 3 | paste -sd ' ')"
. /etc/os-release
found "$PRETTY_NAME, all commands are there, dpkg has nothing unfinished"
