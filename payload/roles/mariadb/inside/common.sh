# shellcheck shell=dash disable=SC2034
# What the scripts inside the container share: settings, questions to other
# nodes, and what is known of them. Paths are the same inside and outside.

BASE=/opt/keybuzz/mariadb
SETTINGS=$BASE/settings
INSIDE=$BASE/inside
# What outlives the container, and what does not.
CONF=$BASE/conf
RUN=/run/mysqld
# The volume, and the data in it.
VOLUME=$BASE/data
DATA=$VOLUME/mysql
MARK=$VOLUME/.keybuzz-mariadb

# Of Galera: messages; and state transfers, where a node that does not run
# answers the others instead.
GROUP_PORT=4567
TRANSFER_PORT=4444

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

load_settings() {
	SELF=$(setting address) || exit 1
	PORT=$(setting port) || exit 1
	HEALTH_PORT=$(setting health-port) || exit 1
}

# The addresses of the role's hosts, own one included.
peer_addresses() {
	local address _

	while read -r _ address _; do
		printf '%s\n' "$address"
	done <"$SETTINGS/peers"
}

other_addresses() {
	peer_addresses | grep -vxF -e "$SELF"
}

# write_file PATH: standard input becomes it, at once and for good.
write_file() {
	local path
	path=$1

	cat >"$path.new"
	sync "$path.new"
	mv "$path.new" "$path"
	sync "$(dirname "$path")"
}

# local_sql SQL: as the owner of the data, through the socket; no password.
local_sql() {
	timeout -s KILL 10 mariadb --no-defaults --socket "$RUN/mysqld.sock" --user mysql \
		--batch --skip-column-names --execute "$1"
}

# remote_sql KIND ADDRESS SQL: over the network. KIND is monitor or app; -wrong
# behind it asks with a wrong password. ADDRESS local is the socket of this node.
remote_sql() {
	local kind address sql
	kind=$1 address=$2 sql=$3

	set -- --host "$address" --port "$PORT" --protocol tcp
	[ "$address" != local ] || set -- --socket "$RUN/mysqld.sock"
	[ "$kind" = "${kind%-wrong}" ] || set -- "$@" --password=wrong
	timeout -s KILL 10 mariadb --defaults-file="$SETTINGS/${kind%-wrong}.cnf" \
		--connect-timeout=2 "$@" --batch --skip-column-names --execute "$sql"
}

# The state of a node that runs: "STATUS UUID COMMITTED STATE READY", empty
# fields as -. Standard input is what SHOW STATUS says.
wsrep_words() {
	awk -F '\t' '
		function word(name) { return value[name] == "" ? "-" : value[name] }
		{ value[tolower($1)] = $2 }
		END {
			if (NR)
				print word("wsrep_cluster_status"), word("wsrep_cluster_state_uuid"),
					word("wsrep_last_committed"), word("wsrep_local_state"), word("wsrep_ready")
		}'
}

WSREP_STATUS="SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status',
	'wsrep_cluster_state_uuid', 'wsrep_last_committed', 'wsrep_local_state', 'wsrep_ready')"

local_state() {
	local_sql "$WSREP_STATUS" 2>/dev/null | wsrep_words
}

# remote_state ADDRESS: as above, or "denied", or nothing.
remote_state() {
	local said

	if said=$(remote_sql monitor "$1" "$WSREP_STATUS" 2>&1); then
		printf '%s\n' "$said" | wsrep_words
		return 0
	fi
	case $said in
	*'Access denied'* | *'ERROR 1045'* | *'ERROR 1130'*) printf 'denied\n' ;;
	esac
}
