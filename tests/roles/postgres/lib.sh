# shellcheck shell=dash
# What a test with members of a PostgreSQL cluster needs: who leads,
# SQL, a client that writes, and the times of what happened. Sourced after
# tests/roles/lib.sh; FLEET and HOSTS are set by the test.

INSIDE=/opt/keybuzz/patroni/inside
times=''
notes=''

# ---- the bundle ----

run() { # HOST ARGUMENT..
	local host
	host=$1
	shift
	"$F" ssh "$FLEET" "$host" "./keybuzz-postgres.run $*"
}

# Ends as installed, not only as pending: a member may still be copying.
ends_installed() {
	run "$1" install >"$work/again-$1" 2>&1 || {
		tail -n 15 "$work/again-$1"
		return 1
	}
	grep -q 'installed' "$work/again-$1"
}

whole_at_last() {
	at_once whole "$HOSTS" within 200 ends_installed
}

# The host dies in the middle of the install; the same command ends it.
power_cut_during_install() { # HOST STEP
	run "$1" install >"$work/cut" 2>&1 &
	cut_once "$FLEET" "$1" $! said "$2" "$work/cut" && within 200 ends_installed "$1"
}

# ---- the cluster ----

inside() { # HOST NAME ARGUMENT..
	local host name
	host=$1 name=$2
	shift 2
	"$F" exec "$FLEET" "$host" docker exec -i patroni "$INSIDE/$name" "$@"
}

# members [HOST..]: as inside/members has it, of the first of these that answers.
members() {
	local host
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $HOSTS
	for host; do
		inside "$host" members </dev/null 2>/dev/null && return 0
	done
	return 1
}

host_of() { # ADDRESS
	awk -F '\t' -v address="$1" '$4 == address { print $3 }' manifests/servers.tsv
}

# leader [HOST..]: the host that leads, if exactly one does.
leader() {
	local address
	address=$(members "$@" | awk '$2 == 200 { n++; address = $1 } END { if (n == 1) print address }')
	[ -n "$address" ] && host_of "$address"
}

other_than() {
	others_than "$1" | head -n 1
}

new_leader_than() {
	local now
	# shellcheck disable=SC2046
	now=$(leader $(others_than "$1")) && [ "$now" != "$1" ]
}

# one_leader_at_a_time OLD SECONDS: until another host leads; OLD, asked from
# inside, does not answer that it leads while another one does.
one_leader_at_a_time() {
	local end new old
	end=$(($(date +%s) + $2))
	while [ "$(date +%s)" -lt "$end" ]; do
		# shellcheck disable=SC2046
		new=$(leader $(others_than "$1")) || new=''
		old=$(leader "$1") || old=''
		if [ -n "$new" ] && [ "$new" != "$1" ]; then
			[ "$old" != "$1" ] && return 0
			echo "$new leads, and $1 still says that it does"
			return 1
		fi
		sleep 0.3
	done
	echo "no other host leads after $2 s"
	return 1
}

# sql HOST STATEMENT [ADDRESS]: as the application, on the leader or on ADDRESS.
sql() {
	# \q, and an empty line below: see inside/api on how an input ends
	printf '%s\n\\q\n' "$2" | inside "$1" sql app keybuzz ${3+"$3"}
}

synchronous() { # true|false
	local host
	host=$(leader) || return 1
	printf '{"synchronous_mode": %s}\n\n' "$1" | inside "$host" api PATCH "$(address_of "$host")" /config |
		tail -n 1 | grep -qx 200 || return 1
	[ "$1" = false ] || within 60 has_synchronous_standby "$host"
}

has_synchronous_standby() {
	printf 'SELECT count(*) FROM pg_stat_replication WHERE sync_state IN (%s);\n\\q\n' \
		"'sync', 'quorum'" | inside "$1" sql admin postgres | grep -qx '[1-9]'
}

# ---- what is looked at ----

containers() {
	"$F" exec "$FLEET" "$1" docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' patroni
}

# What an install may change, so neither the database itself nor the log.
settled() {
	"$F" exec "$FLEET" "$1" sh -c '
		{
			find /etc /opt /usr/local /var/lib/keybuzz \( -path /opt/keybuzz/postgres/data -o \
				-path /opt/keybuzz/postgres/raft -o -path /opt/keybuzz-installer/logs \) -prune -o \
				-printf "%p %y %m %U %G %s %T@ %l\n"
			docker images -q --no-trunc
		} | sort | sha256sum'
}

second_run_changes_nothing() {
	local before after host
	host=$1
	before="$(containers "$host") $(settled "$host") $(leader)"
	run "$host" install || return 1
	after="$(containers "$host") $(settled "$host") $(leader)"
	same "$before" "$after"
}

# ---- volumes ----

refused_volume() {
	"$F" exec "$FLEET" "$1" sh -c 'wipefs -qa /dev/sdb && mkfs.xfs -q -f -L other /dev/sdb &&
		mkdir -p /opt/keybuzz/postgres/data && touch /opt/keybuzz/postgres/data/x' || return 1
	"$F" exec "$FLEET" "$1" sh -c 'xfs_admin -L kb-postgres /dev/sdb >/dev/null' || return 1
	exits 30 run "$1" install >"$work/refused" 2>&1 &&
		grep -q 'holds files, which the volume would hide' "$work/refused" || return 1
	"$F" exec "$FLEET" "$1" rm -r /opt/keybuzz/postgres
}

labelled_volume() {
	within 200 ends_installed "$1"
}

# ---- a client that writes ----

writer_begin() { # HOST
	writer_host=$1
	writer_table=keybuzz_test_$$
	inside "$writer_host" writer "$writer_table" 600 </dev/null >"$work/writer" 2>&1 &
	writer_job=$!
	within 60 writer_has 10
}

writer_has() {
	local n
	n=$(inside "$writer_host" writer "$writer_table" count </dev/null 2>/dev/null) && [ "$n" -ge "$1" ]
}

# A number was written after the last mark, and after what came between.
writer_goes_on() {
	inside "$writer_host" writer "$writer_table" since "$(date +%s%3N)" </dev/null 2>/dev/null && return 0
	sleep 0.5
	inside "$writer_host" writer "$writer_table" since "$(($(date +%s%3N) - 500))" </dev/null 2>/dev/null
}

# Ends it, and fails if more than LOST acknowledged numbers are missing.
writer_end() {
	local lost
	inside "$writer_host" writer "$writer_table" stop </dev/null || return 1
	wait "$writer_job" || {
		cat "$work/writer"
		return 1
	}
	cat "$work/writer"
	lost=$(sed -n 's/.*lost \([0-9]*\),.*/\1/p' "$work/writer")
	[ "$1" = any ] || [ "$lost" -le "$1" ]
}

# ---- times ----

mark() {
	marked=$(date +%s%3N)
}

took() { # TEXT
	times="$times$(printf '%8.1f s  %s' "$(awk -v ms="$(($(date +%s%3N) - marked))" 'BEGIN { print ms / 1000 }')" "$1")
"
}

note() { # TEXT
	notes="$notes$(printf '%s: %s' "$1" "$(tail -n 1 "$work/writer")")
"
}

# What the role's own test says about its two parts.
report_of_test() {
	notes="$notes$(sed -n 's/^\(planned\|hard-kill\): \(written .*\)/failover test, \1: \2/p' "$1")
"
}

table() {
	printf '%s%s' "$times" "$notes"
}
