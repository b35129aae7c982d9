# shellcheck shell=dash
# The container engine. Only containers that carry our label are touched.

DOCKER=/usr/bin/docker

container_running() {
	[ "$("$DOCKER" container inspect --format '{{.State.Running}}' "$1" 2>/dev/null)" = true ]
}

# containers_of BUNDLE: ids of its containers, stopped ones included.
containers_of() {
	"$DOCKER" ps --all --quiet --no-trunc --filter "label=io.keybuzz.bundle=$1"
}

remove_containers_of() {
	local id

	for id in $(containers_of "$1"); do
		act "$DOCKER" rm --force "$id" >/dev/null
	done
}

# image_remove ID: unless a container, of whichever role, still uses it.
image_remove() {
	"$DOCKER" image inspect "$1" >/dev/null 2>&1 || return 0
	act "$DOCKER" image rm "$1" >/dev/null || warn "the image $1 stays"
}
