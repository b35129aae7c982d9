#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The clock: near to its source. A source that does not answer is said: it may not
# have been installed yet.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

systemctl --quiet is-active chrony.service || die "chrony is not running"
[ "$(systemctl is-enabled chrony.service)" = enabled ] || die "chrony is not enabled"
case $(chronyc -c sources 2>/dev/null | awk -F, '$2 == "*" || $2 == "+" { print "yes"; exit }') in
yes)
	limit=$(setting clock-offset)
	offset=$(chronyc -c tracking | awk -F, '{ print ($5 < 0 ? -$5 : $5) * 1000 }')
	awk -v a="$offset" -v b="$limit" 'BEGIN { exit !(a < b) }' ||
		die "the clock is $offset ms away from $(chronyc -c tracking | cut -d , -f 2), more than $limit ms"
	found "$offset ms away from $(chronyc -c tracking | cut -d , -f 2)"
	;;
*)
	if [ -z "$(chronyc -c sources | head -n 1)" ]; then
		found "this host is the clock of the site"
		exit 0
	fi
	warn "the clock is not synchronised: none of $(chronyc -c sources | cut -d , -f 3 | paste -sd ' ') has answered"
	found "not synchronised yet: none of $(chronyc -c sources | cut -d , -f 3 | paste -sd ' ') has answered"
	;;
esac
