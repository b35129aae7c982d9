#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything of this role on this host goes, its data included. A master hands
# over first. Credentials stay.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

hand_over() {
	container_running redis || return 0
	container_running redis-sentinel || return 0
	case $(role_of "$KEYBUZZ_ADDRESS") in
	master*) act inside change-master >/dev/null || warn "no other host takes over" ;;
	esac
}

# The data directory may be a mount point: it is emptied, not removed.
remove_files() {
	[ -d "$REDIS_BASE" ] || return 0
	act find "$REDIS_BASE" -mindepth 1 -depth ! -path "$REDIS_BASE/data" -delete
	if ! mountpoint -q "$REDIS_BASE/data"; then
		act rm -rf --one-file-system "$REDIS_BASE"
	fi
}

main() {
	hand_over
	# Units first: one that is up would bring its container back.
	unit_remove "$SENTINEL_UNIT"
	unit_remove "$REDIS_UNIT"
	remove_containers_of redis
	image_remove "$(image_id redis)"
	remove_files
	[ -z "$(containers_of redis)" ] || die "containers of this role are left"
}

main
