#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Patroni and PostgreSQL of the leader, which this host becomes before, are
# killed while a client writes, and kept down until another member leads. Then
# they come back, and follow.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"
# shellcheck source=writer.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/failover/writer.sh"

# Milliseconds without a write that are allowed: the leader's lease, a turn of
# the loop, the promotion.
LIMIT=60000
# Gone after a boot, whatever becomes of this script.
HOLD=/run/systemd/system/$PATRONI_UNIT.d

hold_down() {
	mkdir -p "$HOLD"
	printf '[Service]\nRestart=no\n' >"$HOLD/keybuzz-failover-test.conf"
	systemctl daemon-reload
	act "$DOCKER" kill --signal KILL patroni >/dev/null
}

let_up() {
	rm -rf "$HOLD"
	systemctl daemon-reload
	act systemctl start "$PATRONI_UNIT"
}

restore() {
	let_up
	writer_abandon
}

another_leads() {
	local leader

	leader=$(leader_of "$(members)")
	[ -n "$leader" ] && [ "$leader" != "$KEYBUZZ_ADDRESS" ]
}

back() {
	follows "$(members)" "$KEYBUZZ_ADDRESS"
}

# Only where a replica has to have a write before it is acknowledged.
lost_allowed() {
	case $(inside api GET "$1" /config nobody </dev/null) in
	*'"synchronous_mode": true'*) printf '0\n' ;;
	*) printf 'any\n' ;;
	esac
}

lead() {
	[ "$(leader_of "$(members)")" != "$KEYBUZZ_ADDRESS" ] || return 0
	act inside change-leader "$KEYBUZZ_HOST" </dev/null >/dev/null
	poll 120 whole || die "the cluster is not whole 120 s after $KEYBUZZ_HOST began to lead"
}

main() {
	local killed lost

	lead
	lost=$(lost_allowed "$KEYBUZZ_ADDRESS")
	writer_begin 240
	trap restore EXIT
	killed=$(date +%s%3N)
	hold_down
	poll 90 another_leads || die "90 s after the kill no other member leads"
	poll 60 writer_since "$(date +%s%3N)" || die "no write for 60 s after the kill"
	say "the leader $KEYBUZZ_HOST was killed; $(($(date +%s%3N) - killed)) ms later" \
		"$(peer_name "$(leader_of "$(members)")") takes writes"
	let_up
	poll 120 back || die "this host does not follow the leader again after 120 s"
	writer_end "$LIMIT" "$lost"
	trap - EXIT
	writer_abandon
}

main
