#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every member follows the leader closely, on the same timeline.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

whole || die "the cluster is not whole"
all=$(members)
found "timeline $(printf '%s\n' "$all" | awk 'NR == 1 { print $5 }')," \
	"at most $(printf '%s\n' "$all" | awk '$6 > most { most = $6 } END { print most + 0 }') bytes behind"
