# shellcheck shell=dash
# What the test of a whole site needs: bundles on all hosts at once, clients of
# the load balancers, and what a host looks like. Sourced after tests/roles/lib.sh,
# tests/roles/lb/lib.sh and tests/roles/postgres/lib.sh; FLEET, ALL, HOSTS (the
# members of PostgreSQL), STORES (the Redis hosts) and LBS are set by the test.

role_of() { # HOST
	case $1 in
	db-*) echo postgres ;;
	redis-*) echo redis ;;
	haproxy-*) echo lb ;;
	esac
}

other_lb() {
	case $1 in
	haproxy-01) echo haproxy-02 ;;
	haproxy-02) echo haproxy-01 ;;
	esac
}

# ---- all hosts at once ----

everywhere() { # NAME COMMAND..
	local name
	name=$1
	shift
	at_once "$name" "$ALL" "$@"
}

in_any_order() { # NAME COMMAND..
	local name order
	name=$1
	shift
	# shellcheck disable=SC2086
	order=$(shuf -e $ALL | paste -sd ' ')
	say "in this order: $order"
	at_once "$name" "$order" "$@"
}

bundle() { # ROLE HOST ARGUMENT..
	local host role
	role=$1 host=$2
	shift 2
	timeout 900 "$F" ssh "$FLEET" "$host" "./keybuzz-$role.run $*"
}

base_on() {
	bundle base "$1" install
}

role_on() {
	bundle "$(role_of "$1")" "$1" install
}

# Pending is a success, but not the end; RabbitMQ and MariaDB are not part of this
# site.
whole_on() {
	within 300 ends_whole "$1" && return 0
	tail -n 15 "$work/whole-on-$1"
	return 1
}

ends_whole() {
	role_on "$1" >"$work/whole-on-$1" 2>&1 || return 1
	! grep '^waiting for ' "$work/whole-on-$1" | grep -vE '^waiting for (rabbitmq|mariadb)-ready'
}

checks_on() {
	bundle base "$1" check && bundle "$(role_of "$1")" "$1" check
}

# After a fault a former leader is rewound first, which takes minutes on a busy
# machine.
checks_at_last() {
	within 300 checks_on "$1"
}

# ---- what a host looks like ----

# What no second run may touch: who runs since when, what is installed, what is
# let in, every file that an installer writes, and every password.
state() {
	# shellcheck disable=SC2016
	"$F" exec "$FLEET" "$1" sh -c '
		for unit in docker containerd chrony fail2ban ssh systemd-journald; do
			printf "%s " "$unit"
			systemctl show --property MainPID,InvocationID --value "$unit" | paste -sd " "
		done
		docker ps --quiet --no-trunc --filter label=io.keybuzz.bundle |
			xargs docker inspect -f "{{.Name}} {{.Id}} {{.State.StartedAt}}" | sort
		ufw show added
		dpkg-query -W | sha256sum
		find /etc/systemd /etc/keybuzz /opt/keybuzz-installer/credentials \
			/opt/keybuzz/*/config /opt/keybuzz/*/settings /opt/keybuzz/*/inside \
			-type f -printf "%p %m %U %G %T@ " -exec sha256sum {} \; 2>/dev/null | sort'
}

run_both_again() {
	local before
	before=$(state "$1")
	base_on "$1" && role_on "$1" && same "$before" "$(state "$1")"
}

# Every bundle again on every host: nobody restarts, nobody stops to lead.
again_changes_nothing() {
	local before
	before="$(leader) $(master)"
	everywhere again run_both_again && same "$before" "$(leader) $(master)"
}

# ---- clients ----
# Of all hosts of this site only the load balancers may ask a load balancer, so
# clients are there, each one asks the other host. They have what an application
# has: addresses, and its own passwords.

client_up() { # LB
	"$F" ssh "$FLEET" "$1" 'mkdir -p /root/client/inside /root/client/settings' &&
		"$F" scp "$FLEET" payload/roles/redis/inside/common.sh payload/roles/redis/inside/ask "$1:/root/client/inside/" &&
		"$F" scp "$FLEET" "$work/settings"/* "$1:/root/client/settings/" &&
		client_container "$1" sql pgbouncer && client_container "$1" redis redis-sentinel-watcher
}

client_container() { # LB KIND CONTAINER-WITH-THAT-IMAGE
	"$F" ssh "$FLEET" "$1" "docker rm --force client-$2 >/dev/null 2>&1
		docker run --detach --rm --name client-$2 --network host --user 0:0 --pull=never \
			--mount type=bind,src=/root/client,dst=/opt/keybuzz/redis,readonly \
			--entrypoint sleep \"\$(docker inspect -f '{{.Image}}' $3)\" infinity"
}

client() { # KIND LB COMMAND..
	local kind lb
	kind=$1 lb=$2
	shift 2
	"$F" ssh "$FLEET" "$lb" docker exec -i "client-$kind" "$@"
}

client_settings() {
	mkdir -p "$work/settings"
	printf '%s\n' 'address none' 'port 6379' 'sentinel-port 26379' 'master-name none' \
		'check-user none' >"$work/settings/node"
	sed -n 's/^REDIS_PASSWORD=//p' "$work/credentials/redis.env" >"$work/settings/redis.password"
}

# sql_at LB PORT TEXT [USER PASSWORD]: from the other load balancer.
sql_at() {
	local lb
	lb=$1
	shift
	sql_from "$(other_lb "$lb")/client-sql" "$(address_of "$lb")" "$@"
}

redis_at() { # LB WORD..
	local lb
	lb=$1
	shift
	client redis "$(other_lb "$lb")" sh /opt/keybuzz/redis/inside/ask redis "$(address_of "$lb")" "$@" </dev/null
}

# ---- clients that write ----

# writers_begin LB..: four clients on these hosts by turns; each asks the other
# load balancer, or its own if there is one name only.
writers_begin() {
	local first second
	first=$1 second=${2:-$1}
	# shellcheck disable=SC2046
	writers_ready $(for lb; do echo "$lb/client-sql" "$lb/client-redis"; done) || return 1
	lb_writer 5432 "$first/client-sql" tests/roles/lb/sql-writer.sh "$(address_of "$second")" 5432 300
	lb_writer 6432 "$second/client-sql" tests/roles/lb/sql-writer.sh "$(address_of "$first")" 6432 300
	lb_writer wait "$first/client-redis" tests/roles/redis/writer.sh "$(address_of "$second")" 300
	lb_writer one "$second/client-redis" tests/roles/lb/redis-writer.sh "$(address_of "$first")" 300
	within 120 wrote 4 3 0
}

# ---- who leads ----

redis_role() { # HOST
	"$F" exec "$FLEET" "$1" docker exec redis /opt/keybuzz/redis/inside/ask redis 127.0.0.1 ROLE \
		2>/dev/null </dev/null | head -n 1
}

# master [HOST..]
master() {
	local host
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $STORES
	for host; do
		[ "$(redis_role "$host")" = master ] && printf '%s\n' "$host"
	done
}
