#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What this role has put into the system goes; what it has switched off or taken
# out stays so. Packages stay, and so do the hosts' names, credentials, logs and
# data. A firewall that was off before us is off again; one that was on keeps
# its own rules and policies.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"
# shellcheck source=firewall-rules.sh
. "$KEYBUZZ_PAYLOAD/roles/base/firewall-rules.sh"

DROPINS="/etc/ssh/sshd_config.d/00-keybuzz.conf
	/etc/sysctl.d/99-keybuzz.conf /etc/modules-load.d/keybuzz.conf /etc/tmpfiles.d/keybuzz.conf
	/etc/security/limits.d/keybuzz.conf /etc/systemd/journald.conf.d/limit.conf
	/etc/systemd/resolved.conf.d/keybuzz.conf
	/etc/systemd/system/docker.service.d/keybuzz.conf
	/etc/systemd/system/chrony.service.d/keybuzz.conf
	/etc/fail2ban/jail.d/keybuzz.local /etc/audit/rules.d/keybuzz.rules
	/etc/apt/apt.conf.d/90keybuzz /etc/logrotate.d/keybuzz /etc/cloud/cloud.cfg.d/99-keybuzz.cfg"

# Other roles live on what is taken away here.
check_others() {
	local others

	others=$("$DOCKER" ps --all --format '{{.Label "io.keybuzz.bundle"}}' 2>/dev/null | sort -u | sed '/^$/d' | paste -sd ' ') || true # no engine
	[ -z "$others" ] || die "still on this host: $others; purge these roles first"
}

# restore_policies: as they were, before the rules go that made ours bearable.
restore_policies() {
	local chain was

	for chain in incoming:INPUT outgoing:OUTPUT routed:FORWARD; do
		was=$(sed -n "s/^DEFAULT_${chain#*:}_POLICY=\"\(.*\)\"\$/\1/p" "$BASE/state/ufw.before" 2>/dev/null) || was=
		[ "$was" != "$(policy "${chain#*:}")" ] || continue
		case $was in
		DROP) act ufw default deny "${chain%:*}" >/dev/null ;;
		REJECT) act ufw default reject "${chain%:*}" >/dev/null ;;
		ACCEPT) act ufw default allow "${chain%:*}" >/dev/null ;;
		esac
	done
}

# Off first, if off is what it was: without its rules a closed firewall would
# lock everybody out.
remove_rules() {
	local tag line was

	command -v ufw >/dev/null || return 0
	was=$(grep -i '^ENABLED=' "$BASE/state/ufw.before" 2>/dev/null) || was=
	if [ "$was" = 'ENABLED=no' ] && ufw_is_active; then
		if added | grep -vq " comment 'keybuzz:"; then
			warn "ufw stays on: it has rules that are not of this role, and our rules for ssh stay with them"
			return 0
		fi
		act ufw disable >/dev/null
	fi
	restore_policies
	for tag in "$RULE_TAG" "$SESSION_TAG"; do
		changed
		tagged "$tag" >"$WORK/rules"
		while IFS= read -r line; do
			# shellcheck disable=SC2086
			case $line in
			route*) act ufw route delete ${line#route } >/dev/null ;;
			*) act ufw delete $line >/dev/null ;;
			esac
		done <"$WORK/rules"
	done
}

remove_dropins() {
	local path

	for path in $DROPINS; do
		if [ -e "$path" ]; then
			act rm -f "$path"
		fi
	done
	act systemctl daemon-reload
}

# What runs with a file that is gone would change at the next start anyway. The
# engine and chrony are left as they run: neither is needed to be otherwise.
tell_daemons() {
	if systemctl --quiet is-active ssh.service; then
		act systemctl reload ssh.service
	fi
	if systemctl --quiet is-active fail2ban.service; then
		act systemctl restart fail2ban.service
	fi
}

main() {
	scratch
	check_others
	remove_rules
	remove_dropins
	tell_daemons
	act rm -rf --one-file-system "$BASE/state" "$BASE/settings" "$BASE/hosts" "$BASE/firewall.tsv" \
		"$BASE/kernel.tsv" "$BASE/daemon.json" "$BASE/sshd.conf"
}

main
