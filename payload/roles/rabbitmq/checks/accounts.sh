#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Three accounts and no guest; each can log in. The vhost of the applications makes
# quorum queues.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

setting() {
	awk -v name="$1" '$1 == name { print $2 }' "$RABBITMQ_BASE/settings/node"
}

there=$(inside accounts) || die "the broker does not tell its accounts"
for line in "vhost $(setting vhost) quorum" "user $(setting application-user) []" \
	"user $(setting admin-user) [administrator]" "user $(setting monitor-user) [monitoring]"; do
	printf '%s\n' "$there" | grep -qxF -e "$line" || die "not '$line' but: $there"
done
! printf '%s\n' "$there" | grep -q '^user guest ' || die "there is the user guest"
reply=$(inside probe logins 2>&1) || die "$reply"
reply=$(inside probe guest 2>&1) || die "$reply"
found "three accounts, $reply, vhost $(setting vhost) makes quorum queues"
