#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A quorum queue has a member on every host: one that was made while a host was
# not there yet, or that has lost it, gets it now.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

running || exit 0
missing=$(lacking)
if [ -z "$missing" ]; then
	exit 0
fi
if ! whole; then
	say "the cluster is not whole: queues get their members when it is"
	exit 0
fi
for name in $(peer_names); do
	printf '%s\n' "$missing" | awk -F '\t' -v name="$name" '
		index("," $4 ",", "," name ",") == 0 { found = 1 }
		END { exit !found }' || continue
	act tool rabbitmq-queues --quiet grow "rabbit@$name" all >&2
done
