#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The data are on their volume; on a host without one, where that is. Some room
# is left: a database that cannot write stops.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

data=$MARIADB_BASE/data
if grep -qE "^[^#[:space:]]+[[:space:]]+${data}[[:space:]]" /etc/fstab 2>/dev/null; then
	mountpoint -q "$data" || die "$data is not mounted, though /etc/fstab has it"
fi
used=$(df --output=pcent "$data" | awk 'NR == 2 { print $1 + 0 }')
[ "$used" -lt 95 ] || die "the file system of $data is full to $used %"
# shellcheck disable=SC2046
set -- $(volume_of "$data")
if [ "$3" = "$data" ]; then
	found "$2 volume $1, $4 free"
else
	found "no volume of its own: on the $2 file system of $3, $4 free"
fi
