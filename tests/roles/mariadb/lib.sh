# shellcheck shell=dash
# What the tests of the mariadb role do with its fleet: three nodes, and a
# client outside of them that survives them all.

FLEET=${FLEET:-mariadb}
RUN=${RUN:-dist/keybuzz-mariadb.run}
HOSTS='maria-01 maria-02 maria-03'
CLIENT=proxysql-01
INSIDE=/opt/keybuzz/mariadb/inside
SETTINGS=/opt/keybuzz/mariadb/settings

run() { # HOST ARGUMENT..
	local host
	host=$1
	shift
	"$F" ssh "$FLEET" "$host" "./keybuzz-mariadb.run $*"
}

on() { # HOST WORD..
	local host
	host=$1
	shift
	"$F" exec "$FLEET" "$host" "$@"
}

start() {
	local host hosts
	hosts=
	for host in $HOSTS; do
		hosts="$hosts $host=$(address_of "$host")"
	done
	"$F" destroy "$FLEET" >/dev/null 2>&1
	# shellcheck disable=SC2086
	"$F" create "$FLEET" ${FULL:+--disk maria-03:4G} $hosts && "$F" boot "$FLEET" && "$F" recorder "$FLEET" start
}

deliver() {
	local host
	for host in $HOSTS; do
		"$F" scp "$FLEET" "$RUN" "$host:/root/keybuzz-mariadb.run" || return 1
		prepare "$FLEET" "$host" || return 1
	done
}

listens() {
	on "$1" ss -Hltn "sport = :$2" | grep -q .
}

inside() { # HOST NAME WORD..
	local host name
	host=$1 name=$2
	shift 2
	on "$host" docker exec mariadb "$INSIDE/$name" "$@" </dev/null 2>/dev/null
}

# Every one of these hosts serves, in the same cluster.
synced_on() {
	local host state uuid
	uuid=
	for host; do
		state=$(inside "$host" state local) || return 1
		case $state in
		'Primary '*' 4 ON') ;;
		*) return 1 ;;
		esac
		state=${state#* }
		state=${state%% *}
		[ "${uuid:-$state}" = "$state" ] || return 1
		uuid=$state
	done
}

all_synced() {
	local host size
	# shellcheck disable=SC2086
	synced_on $HOSTS || return 1
	for host in $HOSTS; do
		size=$(inside "$host" sql local "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'" | cut -f 2)
		[ "$size" = 3 ] || return 1
	done
}

# What start-mariadb has said since the last boot, or since ever.
times_started() { # HOST WORD
	on "$1" journalctl -u mariadb-docker.service -o cat --boot="${3:-all}" | grep -c "^starting: $2"
}

created_once() {
	local host n
	n=0
	for host in $HOSTS; do
		n=$((n + $(times_started "$host" create)))
	done
	same 1 "$n"
}

# After all have booted: one has begun again, and the others have joined it.
began_once() {
	local host begun joined
	begun=0 joined=0
	for host in $HOSTS; do
		begun=$((begun + $(times_started "$host" bootstrap 0)))
		joined=$((joined + $(times_started "$host" join 0)))
	done
	same '1 2' "$begun $joined"
}

joined() {
	same '0 1' "$(times_started "$1" bootstrap 0) $(times_started "$1" join 0)"
}

waits_for() { # HOST TEXT
	case $(inside "$1" state decision) in
	"wait: "*"$2"*) return 0 ;;
	esac
	return 1
}

refuses() { # HOST TEXT
	case $(inside "$1" state decision) in
	"refuse: "*"$2"*) return 0 ;;
	esac
	return 1
}

refuses_writes() {
	inside "$1" state local | grep -q '^non-Primary ' &&
		! inside "$1" sql local "CREATE TABLE keybuzz_selftest.no (a INT)"
}

# At the same moment, as when the power of the room goes.
cut_all() {
	local host pids pid status
	pids=
	status=0
	for host in $HOSTS; do
		"$F" power-cut "$FLEET" "$host" &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || status=$?
	done
	return "$status"
}

check_fails() { # HOST TEXT
	exits 62 run "$1" check >"$work/check" 2>&1 && grep -qF "$2" "$work/check" && return 0
	cat "$work/check"
	return 1
}

# Of a node: its container, since when it runs, and the server in it.
running() {
	on "$1" docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' mariadb
	on "$1" docker exec mariadb cat /run/mysqld/mysqld.pid
}

# Without what a database writes all the time.
files() {
	on "$1" sh -c '
	{
		find /etc /root /usr/local /opt /var/lib/keybuzz -path /opt/keybuzz/mariadb/data -prune -o \
			-printf "%p %y %m %U %G %s %T@ %l\n" 2>/dev/null
		find /etc /opt/keybuzz-installer /opt/keybuzz/mariadb/settings /opt/keybuzz/mariadb/inside \
			/opt/keybuzz/mariadb/conf /var/lib/keybuzz -type f -exec sha256sum {} + 2>/dev/null
		docker images -q --no-trunc
		docker ps -aq --no-trunc
	} | sort | sha256sum'
}

second_run_changes_nothing() {
	local before after host
	host=$1
	before="$(running "$host") $(files "$host")"
	run "$host" install || return 1
	after="$(running "$host") $(files "$host")"
	same "$before" "$after"
}

# The client: the image as a folder here, in the network of the fleet, with the
# address of a host that may connect. It outlives every host.
client_ready() {
	local root image id dev
	root=$work/client
	mkdir -p "$root" || return 1
	image=$(on maria-01 docker images -q --no-trunc keybuzz/mariadb) &&
		id=$(on maria-01 docker create --pull=never "$image" true) &&
		on maria-01 docker export "$id" | tar -C "$root" -xf - &&
		on maria-01 docker rm "$id" >/dev/null &&
		on maria-01 tar -C / -cf - "${SETTINGS#/}" "${INSIDE#/}" | tar -C "$root" -xf - || return 1
	[ -c "$root/dev/null" ] || mknod -m 0666 "$root/dev/null" c 1 3 || return 1
	dev=$("$F" net "$FLEET" ip -o -4 address show to 10.0.255.254 | awk '{ print $2 }')
	"$F" net "$FLEET" ip address replace "$(address_of "$CLIENT")/32" dev "$dev" &&
		"$F" net "$FLEET" ip route replace 10.0.0.0/24 dev "$dev" src "$(address_of "$CLIENT")"
}

writer() {
	"$F" net "$FLEET" chroot "$work/client" "$INSIDE/writer" "$@" </dev/null
}

writer_begin() { # NAME [ADDRESS]
	local name
	name=$1
	shift
	writer "$name" 3600 "$@" >"$work/writer-$name" 2>&1 &
	printf '%s\n' $! >"$work/writer-$name.pid"
	within 60 writer_has "$name" 10
}

writer_has() {
	local n
	n=$(writer "$1" count 2>/dev/null) && [ "$n" -ge "$2" ]
}

# Commits are acknowledged now: two in a row after this was asked.
writer_goes_on() {
	local n
	n=$(writer "$1" count) && within 15 writer_has "$1" $((n + 2))
}

# The writer itself counts what is not there, on every node that serves.
writer_end() {
	local status
	status=0
	within 60 writer_goes_on "$1" || return 1
	writer "$1" stop
	wait "$(cat "$work/writer-$1.pid")" || status=$?
	cat "$work/writer-$1"
	printf '%-44s %s\n' "client $1:" "$(tail -n 1 "$work/writer-$1")" >>"$work/times"
	return "$status"
}

# timed TEXT SECONDS COMMAND..: until it is true; how long that took is a row
# of the table at the end.
timed() {
	local text begin status limit
	text=$1 limit=$2
	shift 2
	begin=$(date +%s%3N)
	status=0
	within "$limit" "$@" || status=$?
	printf '%-44s %s ms\n' "$text" $(($(date +%s%3N) - begin)) >>"$work/times"
	return "$status"
}

show_times() {
	[ ! -f "$work/times" ] || sed 's/^/    /' "$work/times"
}
