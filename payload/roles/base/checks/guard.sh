#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# fail2ban watches sshd; the kernel has the audit rules.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

[ "$(systemctl is-enabled fail2ban.service)" = enabled ] || die "fail2ban is not enabled"
systemctl --quiet is-active fail2ban.service || die "fail2ban is not running"
watches() {
	fail2ban-client status sshd >/dev/null 2>&1
}
poll 10 watches || die "fail2ban has no jail for sshd"
[ "$(fail2ban-client get sshd bantime)" = 3600 ] || die "fail2ban runs with other settings"
if in_container; then
	found "fail2ban watches sshd; a container, not a host: no audit"
	exit 0
fi
systemctl --quiet is-active auditd.service || die "auditd is not running"
n=$(auditctl -l | grep -c -e '-k credentials') || true # 0 of them
[ "$n" -gt 0 ] || die "the kernel does not have the audit rules"
found "fail2ban watches sshd, $(auditctl -l | wc -l) audit rules"
