# shellcheck shell=dash
# What the scripts inside the containers of this role share.

CONFIG=/etc/patroni
# shellcheck disable=SC2034
DATA=/opt/keybuzz/postgres/data RAFT=/opt/keybuzz/postgres/raft

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# node NAME: one of this host's own facts.
node() {
	awk -v name="$1" '$1 == name { print $2 }' "$CONFIG/node"
}

# secrets NAME: as the installer last accepted it, or, while it judges them, as
# they would be.
secret() {
	awk -v name="$1" '$1 == name { print $2 }' "${SECRETS:-$CONFIG/secrets}"
}

peer_addresses() {
	awk '{ print $2 }' "$CONFIG/peers"
}

# peer_name ADDRESS
peer_name() {
	awk -v address="$1" '$2 == address { print $1 }' "$CONFIG/peers"
}

# get ADDRESS PATH: the status Patroni answers, 000 when it does not; what it
# says goes to the file ANSWER.
get() {
	curl --silent --noproxy '*' --max-time "${TIMEOUT:-3}" --output "${ANSWER:-/dev/null}" \
		--write-out '%{http_code}' "http://$1:$(node api-port)$2" || true # 000 says it
}

# hosts: all members, as libpq wants them.
hosts() {
	peer_addresses | paste -sd ,
}

# connection WHO DATABASE HOSTS PROPERTIES: without the password, which libpq
# finds in the file that `passfile` makes.
connection() {
	printf 'host=%s port=%s user=%s dbname=%s connect_timeout=3 tcp_user_timeout=3000 %s' \
		"$3" "$(node port)" "$1" "$2" "$4"
}

# passfile: one line for each user, for this process alone.
passfile() {
	PGPASSFILE=$(mktemp)
	export PGPASSFILE
	trap 'rm -f "$PGPASSFILE"' EXIT
	{
		printf '*:*:*:%s:%s\n' "$(secret superuser)" "$(secret superuser-password)"
		printf '*:*:*:%s:%s\n' "$(secret user)" "$(secret user-password)"
	} >"$PGPASSFILE"
}

# psql_with CONNECTION [OPTION..]: SQL from standard input, the answer bare.
psql_with() {
	local connection
	connection=$1
	shift

	psql --no-psqlrc --quiet --tuples-only --no-align --no-password \
		--set ON_ERROR_STOP=1 --dbname "$connection" "$@"
}
