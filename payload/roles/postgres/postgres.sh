# shellcheck shell=dash
# What the scripts of this role share on the host. Patroni and PostgreSQL are
# asked from inside a container, where the passwords can be read.

# shellcheck disable=SC2034
POSTGRES_BASE=/opt/keybuzz/postgres PATRONI_BASE=/opt/keybuzz/patroni
# shellcheck disable=SC2034
PATRONI_UNIT=patroni-docker.service
# Bytes that a member may be behind and still count as following.
LAG_LIMIT=16777216

# beside NAME PROGRAM [WORD..]: in a container of its own, which sees the
# settings and no data.
beside() {
	local name program
	name=$1 program=$2
	shift 2

	"$DOCKER" run --rm --interactive --pull=never --name "$name" --network host --user 999:999 \
		--label "io.keybuzz.bundle=$KEYBUZZ_ROLE" --log-driver none \
		--cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp:size=16m \
		--mount "type=bind,src=$PATRONI_BASE/config,dst=/etc/patroni,readonly" \
		--mount "type=bind,src=$PATRONI_BASE/inside,dst=$PATRONI_BASE/inside,readonly" \
		--mount "type=bind,src=$PATRONI_BASE/inside/passwd,dst=/etc/passwd,readonly" \
		--mount "type=bind,src=$PATRONI_BASE/inside/group,dst=/etc/group,readonly" \
		--entrypoint "$PATRONI_BASE/inside/$program" "$(image_id postgres)" "$@"
}

# inside NAME [WORD..]: one of the scripts in inside/, with the standard input.
inside() {
	local name
	name=$1
	shift

	if container_running patroni; then
		"$DOCKER" exec --interactive patroni "$PATRONI_BASE/inside/$name" "$@"
	else
		beside "patroni-$name-$$" "$name" "$@"
	fi
}

# members: as inside/members describes it. Nothing answered is an empty answer.
members() {
	inside members </dev/null || true # no answer is one
}

# sql WHO DATABASE STATEMENT [ADDRESS]
sql() {
	# \q: see inside/api on how an input ends
	printf '%s\n\\q\n' "$3" | inside sql "$1" "$2" ${4+"$4"}
}

# The database of the application.
app_database() {
	awk '$1 == "database" { print $2 }' "$PATRONI_BASE/config/secrets"
}

# leader_of MEMBERS: its address if exactly one leads, else nothing.
leader_of() {
	printf '%s\n' "$1" | awk '
		$2 == 200 { n++; leader = $1 }
		END { if (n == 1) print leader }'
}

# missing_of MEMBERS: names of the hosts where Patroni does not answer.
missing_of() {
	local address names

	names=
	for address in $(printf '%s\n' "$1" | awk '$2 == "000" { print $1 }'); do
		names="$names $(peer_name "$address") ($address)"
	done
	printf '%s\n' "${names# }"
}

# follows MEMBERS ADDRESS: true when that member follows the leader closely, on
# its timeline.
follows() {
	printf '%s\n' "$1" | awk -v self="$2" -v limit="$LAG_LIMIT" '
		$2 == 200 { timeline = $5 }
		$1 == self { line = $0 }
		END {
			split(line, f)
			exit !(f[3] == 200 && f[4] == "streaming" && f[5] == timeline && f[6] + 0 <= limit)
		}'
}

# whole: true when one member leads and every other follows it closely. Else
# says what is missing, on stderr.
whole() {
	local address all leader
	all=$(members)

	leader=$(leader_of "$all")
	if [ -z "$leader" ]; then
		say "$(printf '%s\n' "$all" | grep -c '^[^ ]* 200 ') members lead, not one;" \
			"Patroni does not answer on: $(missing_of "$all")"
		return 1
	fi
	for address in $(peer_addresses); do
		[ "$address" != "$leader" ] || continue
		if ! follows "$all" "$address"; then
			say "$(peer_name "$address") does not follow $(peer_name "$leader"):" \
				"$(printf '%s\n' "$all" | grep -e "^$address ")"
			return 1
		fi
	done
}
