#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything of this role on this host goes, its data included. The node leaves
# the cluster in order, so that the others keep their quorum. Credentials stay.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

# The operator has typed the name of the host; the log says what that costs.
warn_if_last() {
	local address

	container_running mariadb || return 0
	for address in $(other_addresses); do
		! is_synced "$(node_state "$address")" || return 0
	done
	warn "no other host is synced: the last data of the cluster go with this one"
}

# The volume is emptied and given back; one that somebody else mounts stays
# where it is, empty.
remove_files() {
	[ -d "$MARIADB_BASE/data" ] || return 0
	act find "$MARIADB_BASE" -mindepth 1 -depth ! -path "$MARIADB_BASE/data" -delete
	volume_release "$MARIADB_BASE/data"
	if ! mountpoint -q "$MARIADB_BASE/data"; then
		act rm -rf --one-file-system "$MARIADB_BASE"
	fi
}

main() {
	warn_if_last
	# The unit first: one that is up would bring its container back.
	unit_remove "$MARIADB_UNIT"
	remove_containers_of mariadb
	image_remove "$(image_id mariadb)"
	remove_files
	[ -z "$(containers_of mariadb)" ] || die "containers of this role are left"
}

main
