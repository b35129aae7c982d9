# shellcheck shell=dash
# What the scripts of the container `redis-sentinel-watcher` share: settings,
# and asking Redis, Sentinel and HAProxy. Paths are the same inside and outside.

SETTINGS=/opt/keybuzz/redis-lb/settings
SOCKET=/opt/keybuzz/haproxy/run/admin.sock

# A host that has not answered by then is not there.
CONNECT_SECONDS=1
ANSWER_SECONDS=2

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# setting NAME: its value in the file `node`.
setting() {
	local wanted name value
	wanted=$1

	while read -r name value; do
		if [ "$name" = "$wanted" ]; then
			printf '%s\n' "$value"
			return 0
		fi
	done <"$SETTINGS/node"
	die "settings/node: no line '$wanted'"
}

# shellcheck disable=SC2034
load_settings() {
	PORT=$(setting port) || exit 1
	SENTINEL_PORT=$(setting sentinel-port) || exit 1
	MASTER_NAME=$(setting master-name) || exit 1
	QUORUM=$(setting quorum) || exit 1
	CHECK_USER=$(setting check-user) || exit 1
	PACE=$(setting pace) || exit 1
}

# The addresses of the Redis hosts; each has a Sentinel, too.
node_addresses() {
	local address _

	while read -r _ address; do
		printf '%s\n' "$address"
	done <"$SETTINGS/nodes"
}

# ask KIND ADDRESS WORD..: the answer to one command. KIND is sentinel or check
# (Redis, as the user for checks); -nobody after it is without a password.
# Passwords go through the environment of redis-cli, never through arguments.
# With PATIENT set it may take for ever, as SUBSCRIBE does.
ask() {
	local kind address port user password
	kind=$1 address=$2
	shift 2

	user='' password=''
	case $kind in
	sentinel*) port=$SENTINEL_PORT ;;
	check*) port=$PORT user=$CHECK_USER ;;
	*) die "ask: '$kind' is neither sentinel nor check" ;;
	esac
	case $kind in
	*-nobody) user='' ;;
	*) read -r password <"$SETTINGS/$kind.password" || die "settings/$kind.password: nothing in it" ;;
	esac
	set -- redis-cli -t "$CONNECT_SECONDS" -h "$address" -p "$port" \
		${user:+--user "$user"} "$@"
	[ -n "${PATIENT:-}" ] || set -- timeout -s KILL "$ANSWER_SECONDS" "$@"
	if [ -n "$password" ]; then
		REDISCLI_AUTH=$password "$@" 2>&1
	else
		"$@" 2>&1
	fi
}

# haproxy COMMAND: the answer of HAProxy's runtime interface.
haproxy() {
	printf '%s\n' "$1" | timeout -s KILL 5 socat -t 2 - "UNIX-CONNECT:$SOCKET"
}
