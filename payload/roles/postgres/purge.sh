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

# The data directory may be a mount point: it is emptied, not removed.
remove_files() {
	if [ -d "$POSTGRES_BASE" ]; then
		act find "$POSTGRES_BASE" -mindepth 1 -depth ! -path "$POSTGRES_BASE/data" -delete
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
