#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything of this role on this host goes, its data included. A leader hands
# over first. Credentials stay.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

hand_over() {
	container_running patroni || return 0
	[ "$(leader_of "$(members)")" = "$KEYBUZZ_ADDRESS" ] || return 0
	act inside change-leader </dev/null >/dev/null || warn "no other host takes over"
}

# The volume is emptied and given back; one that somebody else mounts stays
# where it is, empty.
remove_files() {
	if [ -d "$POSTGRES_BASE" ]; then
		act find "$POSTGRES_BASE" -mindepth 1 -depth ! -path "$POSTGRES_BASE/data" -delete
		volume_release "$POSTGRES_BASE/data"
		if ! mountpoint -q "$POSTGRES_BASE/data"; then
			act rm -rf --one-file-system "$POSTGRES_BASE"
		fi
	fi
	[ ! -d "$PATRONI_BASE" ] || act rm -rf --one-file-system "$PATRONI_BASE"
}

main() {
	hand_over
	# The unit first: one that is up would bring its container back.
	unit_remove "$PATRONI_UNIT"
	remove_containers_of postgres
	image_remove "$(image_id postgres)"
	remove_files
	[ -z "$(containers_of postgres)" ] || die "containers of this role are left"
}

main
