# shellcheck shell=dash
# What the scripts of this role share on the host. Nodes are asked from inside
# the container, where the passwords can be read.

MARIADB_BASE=/opt/keybuzz/mariadb
# shellcheck disable=SC2034
MARIADB_UNIT=mariadb-docker.service

# setting NAME: its value in settings/node.
setting() {
	awk -v name="$1" '$1 == name { print $2 }' "$MARIADB_BASE/settings/node"
}

inside() {
	local name
	name=$1
	shift

	"$DOCKER" exec mariadb "$MARIADB_BASE/inside/$name" "$@" </dev/null
}

local_sql() {
	inside sql local "$1"
}

# remote_sql KIND ADDRESS SQL: as inside/sql describes it.
remote_sql() {
	inside sql "$@"
}

# node_state ADDRESS: "STATUS UUID COMMITTED STATE READY" of that node, or of
# this one for `local`; "denied"; or nothing.
node_state() {
	inside state "$1" 2>/dev/null || true # no answer is one
}

# is_synced STATE: in a cluster with a quorum, with all its data, serving.
is_synced() {
	case $1 in
	'Primary '*' 4 ON') return 0 ;;
	esac
	return 1
}

# What this node waits for while it does not run: "wait: why", "refuse: why".
decision() {
	inside state decision 2>/dev/null || true # none yet
}

# status NAME: one of SHOW GLOBAL STATUS, of this node.
status() {
	local_sql "SHOW GLOBAL STATUS LIKE '$1'" | cut -f 2
}

# "STATUS UUID STATE READY SIZE" of a node, asked once.
answer_of() {
	remote_sql monitor "$1" "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status',
		'wsrep_cluster_state_uuid', 'wsrep_local_state', 'wsrep_ready', 'wsrep_cluster_size')" 2>/dev/null |
		awk -F '\t' '
			{ value[tolower($1)] = $2 }
			END {
				print value["wsrep_cluster_status"], value["wsrep_cluster_state_uuid"],
					value["wsrep_local_state"], value["wsrep_ready"], value["wsrep_cluster_size"]
			}'
}

# whole: true when every host is synced, in the same cluster, and all of them
# see each other. Else says what is missing, on stderr.
whole() {
	local address said uuid n

	uuid='' n=$(peer_count)
	for address in $(peer_addresses); do
		said=$(answer_of "$address")
		case $said in
		"Primary "*" 4 ON $n") ;;
		*)
			say "$(peer_name "$address") does not serve with $n nodes, but says '$said'"
			return 1
			;;
		esac
		said=${said#* }
		said=${said%% *}
		if [ "${uuid:-$said}" != "$said" ]; then
			say "$(peer_name "$address") is in another cluster: $said, not $uuid"
			return 1
		fi
		uuid=$said
	done
}
