#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The firewall is on, in UFW and in the kernel, with the rules of the site: none
# of ours is missing, and none is left from before.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"
# shellcheck source=../firewall-rules.sh
. "$KEYBUZZ_PAYLOAD/roles/base/firewall-rules.sh"

scratch
wanted_rules >"$WORK/wanted"
added | without_comments >"$WORK/there"
tagged "$RULE_TAG" >"$WORK/ours"
tagged "$SESSION_TAG" >"$WORK/sessions"
missing=$(lines_without "$WORK/wanted" "$WORK/there" | head -n 3 | paste -sd ';')
[ -z "$missing" ] || die "rules are missing: $missing"
more=$(lines_without "$WORK/ours" "$WORK/wanted" | head -n 3 | paste -sd ';')
[ -z "$more" ] || die "rules of ours are left from before: $more"
total=$(wc -l <"$WORK/wanted")
[ "$(policy INPUT) $(policy OUTPUT) $(policy FORWARD)" = 'DROP ACCEPT DROP' ] ||
	die "policies are $(policy INPUT), $(policy OUTPUT), $(policy FORWARD)"
if ! iptables -S INPUT >/dev/null 2>&1; then
	refused "the kernel has no packet filter"
	found "a container, not a host: $total rules written, not enforced"
	exit 0
fi
ufw_is_active || die "ufw is not active"
[ "$(systemctl is-enabled ufw.service)" = enabled ] || die "ufw.service is not enabled"
for chain in INPUT FORWARD; do
	iptables -S "$chain" | grep -qx -e "-P $chain DROP" || die "the kernel's policy of $chain is not DROP"
done
kernel_rules >"$WORK/kernel"
grep -v '^route ' "$WORK/wanted" >"$WORK/input" || true # there may be none
missing=$(lines_without "$WORK/input" "$WORK/kernel" | grep -v '^allow from [^ ]*:' | head -n 3 | paste -sd ';')
[ -z "$missing" ] || die "the kernel does not have: $missing"
found "$total rules, enforced; $(wc -l <"$WORK/sessions") for sessions, $(added | grep -vc " comment 'keybuzz:") of others"
