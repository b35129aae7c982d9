#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The data is on its volume; on a host without one, where that is. Some room is
# left: below disk_free_limit a broker holds up its publishers.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

data=$RABBITMQ_BASE/data
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
