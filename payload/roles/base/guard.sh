#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# fail2ban for ssh, and the audit rules.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

audit() {
	if in_container; then
		warn "a container, not a host: the kernel's audit is not for it"
		return 0
	fi
	enable_unit auditd.service
	systemctl --quiet is-active auditd.service || act systemctl start auditd.service
	if ! loaded auditd.service /etc/audit/rules.d/keybuzz.rules; then
		act augenrules --load >/dev/null || die "the audit rules are not loaded"
		note_loaded auditd.service /etc/audit/rules.d/keybuzz.rules
	fi
}

main() {
	local words

	if ! loaded fail2ban.service /etc/fail2ban/jail.d/keybuzz.local; then
		words=$(fail2ban-client --test 2>&1) ||
			die "fail2ban refuses its configuration: $(printf '%s\n' "$words" | tail -n 1)"
	fi
	follow fail2ban.service restart /etc/fail2ban/jail.d/keybuzz.local
	audit
}

main
