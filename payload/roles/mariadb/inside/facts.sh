# shellcheck shell=dash
# What is known of all nodes, one line each, as decide.awk reads it.

port_open() {
	timeout -s KILL 5 socat -u OPEN:/dev/null "TCP:$1:$2,connect-timeout=1" 2>/dev/null
}

# facts_of ADDRESS: another node. The one that neither asks nor serves, but has
# its port open, is starting or copies data.
facts_of() {
	local address said status uuid committed local_state ready
	address=$1

	said=$(ask "$address")
	case $said in
	denied) printf 'denied %s\n' "$address" ;;
	?*) printf 'state %s %s\n' "$address" "$said" ;;
	esac
	[ -z "$said" ] || return 0
	said=$(remote_state "$address")
	read -r status uuid committed local_state ready <<-END
		$said
	END
	case $status in
	denied) printf 'denied %s\n' "$address" ;;
	Primary)
		# Serving, or feeding a node that joins.
		case $ready,$local_state in
		ON,* | *,2) printf 'primary %s %s %s\n' "$address" "$uuid" "$committed" ;;
		*) printf 'starting %s\n' "$address" ;;
		esac
		;;
	?*) printf 'up %s %s\n' "$address" "$status" ;;
	*) ! port_open "$address" "$GROUP_PORT" || printf 'starting %s\n' "$address" ;;
	esac
}

# facts: all others at the same time, in inventory order.
facts() {
	local address pids pid

	printf 'self %s\n' "$SELF"
	peer_addresses | sed 's/^/peer /'
	[ ! -f "$CONF/without" ] || sed 's/^/without /' "$CONF/without"
	[ ! -f "$RUN/state" ] || sed "s/^/state $SELF /" "$RUN/state"
	pids=
	for address in $(other_addresses); do
		facts_of "$address" >"$RUN/facts.$address" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || true # what it found out is in the file
	done
	for address in $(other_addresses); do
		cat "$RUN/facts.$address"
	done
}
