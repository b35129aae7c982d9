# shellcheck shell=dash
# What the scripts of this role share on the host. RabbitMQ is asked from inside
# its container, where the cookie and the passwords can be read.

RABBITMQ_BASE=/opt/keybuzz/rabbitmq
# shellcheck disable=SC2034
RABBITMQ_UNIT=rabbitmq-docker.service

# inside NAME [WORD..]: one of the scripts in inside/.
inside() {
	local name
	name=$1
	shift

	"$DOCKER" exec rabbitmq "$RABBITMQ_BASE/inside/$name" "$@" </dev/null
}

# tool NAME [WORD..]: one of RabbitMQ's own.
tool() {
	inside tool "$@"
}

peer_names() {
	awk '{ print $1 }' "$KEYBUZZ_CONTEXT/peers"
}

# running: true when the broker of this host greets a client: it does that last
# when it starts, and no more when it is paused or drained.
running() {
	inside greets "$KEYBUZZ_ADDRESS" 2>/dev/null
}

# What a node that has nothing yet waits for; nothing when it does not wait.
waits_for() {
	cat "$RABBITMQ_BASE/state/waiting" 2>/dev/null || true # it does not wait
}

# Of what inside/cluster says, on standard input: hosts of the role that lack
# WORD; hosts that have it and are none of the role.
without() {
	awk -v word="$1" '
		FILENAME == "-" { if ($1 == word) there[$2] = 1; next }
		!($1 in there) { print $1 }' - "$KEYBUZZ_CONTEXT/peers" | paste -sd ' '
}

strangers() {
	awk -v word="$1" '
		FILENAME != "-" { peer[$1] = 1; next }
		$1 == word && !($2 in peer) { print $2 }' "$KEYBUZZ_CONTEXT/peers" - | paste -sd ' '
}

whole() {
	whole_at "$KEYBUZZ_HOST"
}

# whole_at NAME: true when all hosts run, as members of one cluster and of nothing
# else, and nothing is the matter with it, as that host sees it. Else says what
# is, on stderr.
whole_at() {
	local view word hosts

	view=$(inside cluster "$1") || return 1
	for word in member running; do
		hosts=$(printf '%s\n' "$view" | without "$word")
		if [ -n "$hosts" ]; then
			say "not $word: $hosts"
			return 1
		fi
	done
	hosts=$(printf '%s\n' "$view" | strangers member)
	if [ -n "$hosts" ]; then
		say "members of the cluster, but no hosts of this role: $hosts"
		return 1
	fi
	! printf '%s\n' "$view" | grep -E '^(partition|alarm|maintenance) ' >&2
}

# lacking: quorum queues, as inside/queues prints them, that do not have a leader
# and a member that is online on every host.
lacking() {
	inside queues | awk -F '\t' -v hosts="$(peer_names | sort | paste -sd ,)" '
		$3 == "-" || $4 != hosts || $5 != hosts'
}
