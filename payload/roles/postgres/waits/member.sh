#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# This host leads, or follows the one that does.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

if unit_gives_up "$PATRONI_UNIT"; then
	unit_last_words "$PATRONI_UNIT" >&2
	die "$PATRONI_UNIT does not stay up: journalctl -u $PATRONI_UNIT"
fi
all=$(members)
leader=$(leader_of "$all")
if [ -z "$leader" ]; then
	missing=$(missing_of "$all")
	if [ -n "$missing" ]; then
		not_yet "no member leads; Patroni does not answer on: $missing"
	fi
	not_yet "all members answer, and none leads: journalctl -u $PATRONI_UNIT says why"
fi
[ "$leader" != "$KEYBUZZ_ADDRESS" ] || exit 0
follows "$all" "$KEYBUZZ_ADDRESS" && exit 0
state=$(printf '%s\n' "$all" | awk -v self="$KEYBUZZ_ADDRESS" '$1 == self { print $4 }')
case $state in
creating-replica)
	not_yet "copying the data of $(peer_name "$leader"):" \
		"$(du -sh "$POSTGRES_BASE/data/pgdata" 2>/dev/null | cut -f 1) so far"
	;;
*) not_yet "does not follow $(peer_name "$leader") yet: $state" ;;
esac
