# shellcheck shell=dash
# What the scripts of this role share on the host. HAProxy and the Redis hosts
# are asked from inside the containers: that is where the tools and the
# passwords are.

# shellcheck disable=SC2034
HAPROXY_BASE=/opt/keybuzz/haproxy HAPROXY_UNIT=haproxy-docker.service
# shellcheck disable=SC2034
REDIS_LB_BASE=/opt/keybuzz/redis-lb WATCHER_UNIT=redis-sentinel-watcher.service
# shellcheck disable=SC2034
PGBOUNCER_BASE=/opt/keybuzz/pgbouncer PGBOUNCER_UNIT=pgbouncer-docker.service
# shellcheck disable=SC2034
KEEPALIVED_BASE=/opt/keybuzz/keepalived KEEPALIVED_UNIT=keepalived-docker.service

# haproxy COMMAND: the answer of the runtime interface.
haproxy() {
	printf '%s\n' "$1" |
		"$DOCKER" exec -i haproxy socat -t 5 - "UNIX-CONNECT:$HAPROXY_BASE/run/admin.sock"
}

# talk PORT: what is on standard input, to that port of this host.
talk() {
	"$DOCKER" exec -i haproxy socat -t 5 - "TCP:127.0.0.1:$1,connect-timeout=5"
}

stats_port() {
	sed -n 's/^[[:space:]]*bind 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$HAPROXY_BASE/config/10-stats.cfg"
}

# http PATH [LOGIN]: the answer of HAProxy's own page, asked as nobody or as
# LOGIN, which is name:password.
http() {
	{
		printf 'GET %s HTTP/1.0\r\n' "$1"
		if [ $# -gt 1 ]; then
			printf 'Authorization: Basic %s\r\n' "$(printf '%s' "$2" | base64 -w 0)"
		fi
		printf '\r\n'
	} | talk "$(stats_port)" | tr -d '\r'
}

# http_status PATH [LOGIN]
http_status() {
	http "$@" | awk 'NR == 1 { print $2 }'
}

# servers BACKEND [STATUS]: names of its servers, with STATUS those that are so
# at the beginning of what `show stat` says: UP, DOWN, MAINT.
servers() {
	haproxy 'show stat' | awk -F, -v backend="$1" -v status="${2:-}" '
		$1 == backend && $2 != "BACKEND" && $2 != "FRONTEND" && index($18, status) == 1 { print $2 }'
}

# ask KIND ADDRESS WORD..: as inside/common.sh describes it. Nothing answered is
# an empty answer.
ask() {
	"$DOCKER" exec redis-sentinel-watcher "$REDIS_LB_BASE/inside/ask" "$@" </dev/null || true # no answer is one
}

# "NAME ADDRESS" lines of the Redis hosts.
redis_nodes() {
	cat "$REDIS_LB_BASE/settings/nodes"
}

redis_setting() {
	awk -v name="$1" '$1 == name { print $2 }' "$REDIS_LB_BASE/settings/node"
}

# The Redis host that this HAProxy leads to, by name; nothing if to none.
redis_routed() {
	http /health/redis | awk 'NR == 1 && $2 != 200 { exit } body { print; exit } !NF { body = 1 }'
}

# The address that enough Sentinels name as the master, or nothing.
redis_agreed() {
	local address

	redis_nodes | while read -r _ address; do
		ask sentinel "$address" SENTINEL GET-MASTER-ADDR-BY-NAME "$(redis_setting master-name)" | head -n 1
	done | sort | uniq -c | sort -rn | awk -v quorum="$(redis_setting quorum)" '
		NR == FNR { node[$2]; next }
		($2 in node) && $1 >= quorum { print $2; exit }' "$REDIS_LB_BASE/settings/nodes" -
}

redis_name() {
	awk -v address="$1" '$2 == address { print $1 }' "$REDIS_LB_BASE/settings/nodes"
}

# pgbouncer COMMAND: the answer of PgBouncer's console, to its owner.
pgbouncer() {
	"$DOCKER" exec pgbouncer "$PGBOUNCER_BASE/inside/console" "$1"
}

# pgbouncer_inside NAME [ARGUMENT..]: one of its scripts in inside/, in the
# container, or in one for the moment while that is stopped.
pgbouncer_inside() {
	local name
	name=$1
	shift

	if container_running pgbouncer; then
		"$DOCKER" exec pgbouncer "$PGBOUNCER_BASE/inside/$name" "$@" </dev/null
		return
	fi
	"$DOCKER" run --rm --pull=never --network host --user 70:70 --read-only --cap-drop ALL \
		--label "io.keybuzz.bundle=$KEYBUZZ_ROLE" \
		--mount "type=bind,src=$PGBOUNCER_BASE/config,dst=$PGBOUNCER_BASE/config,readonly" \
		--mount "type=bind,src=$PGBOUNCER_BASE/inside,dst=$PGBOUNCER_BASE/inside,readonly" \
		--entrypoint "$PGBOUNCER_BASE/inside/$name" "$(image_id pgbouncer)" "$@" </dev/null
}

# pgbouncer_login ADDRESS [USER]: see inside/login.
pgbouncer_login() {
	pgbouncer_inside login "$@"
}

# postgres_through ADDRESS: true if that load balancer leads to a primary.
postgres_through() {
	pgbouncer_inside reach "$1"
}

pgbouncer_runs_with() {
	sha256sum "$PGBOUNCER_BASE/config/pgbouncer.ini" "$PGBOUNCER_BASE/config/userlist.txt"
}

# The virtual address of the site, or nothing.
vip() {
	cat "$KEEPALIVED_BASE/config/address"
}

# has_vip: true on the host that has it now.
has_vip() {
	"$DOCKER" exec keepalived ip -o -4 address show | grep -qF " $(vip)/"
}

# probe ADDRESS: 0 if HAProxy there answers.
probe() {
	local state
	state=0

	printf 'PING\r\n' | "$DOCKER" exec -i haproxy socat -t 2 - \
		"TCP:$1:$(redis_setting port),connect-timeout=2" >/dev/null 2>&1 || state=$?
	printf '%s\n' "$state"
}

# A cluster that this host has led clients to once is expected from then on;
# before, it is not installed yet, and nothing is wrong.
seen() {
	[ -e "$HAPROXY_BASE/seen/$1" ]
}

note_seen() {
	seen "$1" || : >"$HAPROXY_BASE/seen/$1"
}

# await_servers SERVICE MISSING: for its wait. MISSING says what is if it has none.
await_servers() {
	[ -n "$(servers "$1" UP)" ] || not_yet "$2"
	note_seen "$1"
}

# check_servers SERVICE TITLE MISSING: for its check, where any of several hosts may
# serve. What was found is in $led: those that do, and those that do not.
check_servers() {
	local service down
	service=$1

	led=$(servers "$service" UP | paste -sd ' ')
	if [ -z "$led" ]; then
		! seen "$service" || die "$3"
		found "$2 was never here: not installed yet"
		exit 0
	fi
	note_seen "$service"
	down=$(servers "$service" DOWN | paste -sd ' ')
	led="$led${down:+, not: $down}"
}

# In the order in which they may go: who holds the address first, HAProxy last.
LB_UNITS="$KEEPALIVED_UNIT $WATCHER_UNIT $PGBOUNCER_UNIT $HAPROXY_UNIT"
LB_CONTAINERS='redis-sentinel-watcher pgbouncer haproxy'
[ ! -s "$KEEPALIVED_BASE/config/address" ] || LB_CONTAINERS="keepalived $LB_CONTAINERS"
LB_FOLDERS="$KEEPALIVED_BASE $HAPROXY_BASE $REDIS_LB_BASE $PGBOUNCER_BASE"
LB_SECRET_FOLDERS="$HAPROXY_BASE/config $REDIS_LB_BASE/settings $PGBOUNCER_BASE/config"

# The secrets of this host, one a line.
lb_secrets() {
	cut -d : -f 2- "$HAPROXY_BASE/config/statistics.login"
	cat "$REDIS_LB_BASE"/settings/*.password
	cut -d : -f 5- "$PGBOUNCER_BASE/config/pgpass"
	sed 's/.* "\(.*\)"$/\1/' "$PGBOUNCER_BASE/config/userlist.txt"
}

# What Redis says it is to whoever connects to the load balancer at ADDRESS.
redis_through() {
	ask check "$1" ROLE | head -n 1
}

# serves ADDRESS: true if that load balancer leads to what this host has seen.
# Else says what is missing, on stderr.
serves() {
	if seen redis && [ "$(redis_through "$1")" != master ]; then
		say "$(peer_name "$1") leads to no Redis master"
		return 1
	fi
	if seen postgres && ! postgres_through "$1"; then
		say "$(peer_name "$1") leads to no PostgreSQL primary"
		return 1
	fi
	if ! pgbouncer_login "$1" >/dev/null; then
		say "PgBouncer of $(peer_name "$1") lets nobody in"
		return 1
	fi
}

# whole: true when clients are served here and at every other load balancer.
whole() {
	local address

	for address in $(peer_addresses); do
		serves "$address" || return 1
	done
}
