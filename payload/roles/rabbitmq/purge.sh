#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything of this role on this host goes, its data included. The others go on
# without it, and so do their queues. Credentials stay.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# For what the cluster has to be told when the broker of this host is down.
outside() {
	local name
	name=$1
	shift

	"$DOCKER" run --rm --pull=never --network host --hostname "$KEYBUZZ_HOST" --user 999:999 --log-driver none \
		--label "io.keybuzz.bundle=$KEYBUZZ_ROLE" --cap-drop ALL --read-only --tmpfs /tmp:size=16m \
		--mount "type=bind,src=$RABBITMQ_BASE,dst=$RABBITMQ_BASE,readonly" \
		--mount "type=bind,src=$RABBITMQ_BASE/settings/hosts,dst=/etc/hosts,readonly" \
		--entrypoint "$RABBITMQ_BASE/inside/$name" "$(image_id rabbitmq)" "$@"
}

# others_running: hosts of the cluster that would know what to forget.
others_running() {
	container_running rabbitmq || return 0
	inside cluster 2>/dev/null | awk -v self="$KEYBUZZ_HOST" '$1 == "running" && $2 != self { print $2 }'
}

leave() {
	local name

	for name in "$@"; do
		if act outside forget "$name" "$KEYBUZZ_HOST" >&2; then
			return 0
		fi
	done
	warn "the others still count on this host: on one of them, here $1," \
		"docker exec rabbitmq $RABBITMQ_BASE/inside/forget $1 $KEYBUZZ_HOST"
}

# The volume is emptied and given back; one that somebody else mounts stays
# where it is, empty.
remove_files() {
	[ -d "$RABBITMQ_BASE" ] || return 0
	act find "$RABBITMQ_BASE" -mindepth 1 -depth ! -path "$RABBITMQ_BASE/data" -delete
	volume_release "$RABBITMQ_BASE/data"
	if ! mountpoint -q "$RABBITMQ_BASE/data"; then
		act rm -rf --one-file-system "$RABBITMQ_BASE"
	fi
}

main() {
	local others

	others=$(others_running)
	# The unit first: one that is up would bring its container back.
	unit_remove "$RABBITMQ_UNIT"
	remove_containers_of rabbitmq
	if [ -n "$others" ]; then
		# shellcheck disable=SC2086
		leave $others
	fi
	image_remove "$(image_id rabbitmq)"
	remove_files
	[ -z "$(containers_of rabbitmq)" ] || die "containers of this role are left"
}

main
