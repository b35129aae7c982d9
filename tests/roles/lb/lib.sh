# shellcheck shell=dash
# What the tests of the load balancers share, whatever is behind them. Sourced
# after tests/roles/lib.sh; FLEET and LBS are set.

LB_RUN=${LB_RUN:-dist/keybuzz-lb.run}
# What the role itself writes all the time, and where an install notes that it
# has asked again for what is pending (one of the clusters is missing in each of
# these tests): not for `tree`.
LB_ALIVE='/opt/keybuzz/(redis-lb/status|haproxy/run|haproxy/seen|pgbouncer/run)|/var/lib/keybuzz|/keybuzz-installer/logs'

lb() { # HOST ARGUMENT..
	local host
	host=$1
	shift
	timeout 600 "$F" ssh "$FLEET" "$host" "./keybuzz-lb.run $*"
}

lb_address() {
	case $1 in
	haproxy-01) echo 10.0.0.11 ;;
	haproxy-02) echo 10.0.0.12 ;;
	esac
}

# Load balancers get what they check with and verifiers, not what opens the data.
lb_credentials() {
	mkdir -p "$work/lb"
	printf 'HAPROXY_STATS_USER=operator\nHAPROXY_STATS_PASSWORD=%s\n' "$(openssl rand -hex 16)" >"$work/lb/lb.env"
	grep -v '^REDIS_PASSWORD=' "$work/credentials/redis.env" >"$work/lb/redis.env"
	[ -f "$work/credentials/postgres.env" ] || lb_users
	grep -E '^(POSTGRES_DB|POSTGRES_APP_(USER|VERIFIER)|N8N_DB(_USER|_VERIFIER)?)=' \
		"$work/credentials/postgres.env" >"$work/lb/postgres.env"
	printf 'PGBOUNCER_STATS_USER=kb_pgb_stats\nPGBOUNCER_STATS_PASS=%s\n' "$(openssl rand -hex 16)" >>"$work/lb/postgres.env"
}

# The users of PostgreSQL, where a test has none of its own.
lb_users() {
	printf 'POSTGRES_DB=keybuzz\nPOSTGRES_APP_USER=kb_app\nPOSTGRES_APP_VERIFIER=%s\n' \
		"$(tests/roles/postgres/verifier "$(openssl rand -hex 16)")" >"$work/credentials/postgres.env"
	printf 'N8N_DB=n8n\nN8N_DB_USER=kb_n8n\nN8N_DB_VERIFIER=%s\n' \
		"$(tests/roles/postgres/verifier "$(openssl rand -hex 16)")" >>"$work/credentials/postgres.env"
}

deliver_lb() {
	local host
	for host in $LBS; do
		"$F" scp "$FLEET" "$LB_RUN" "$host:/root/keybuzz-lb.run" &&
			prepare "$FLEET" "$host" "$work/lb" || return 1
	done
}

lb_containers() {
	"$F" exec "$FLEET" "$1" sh -c 'docker ps --quiet --no-trunc --filter label=io.keybuzz.bundle=lb |
		xargs docker inspect -f "{{.Name}} {{.Id}} {{.State.StartedAt}}" | sort'
}

lb_second_run_changes_nothing() {
	local before after host
	host=$1
	before="$(lb_containers "$host") $(tree "$FLEET" "$host" "$LB_ALIVE")"
	lb "$host" install || return 1
	after="$(lb_containers "$host") $(tree "$FLEET" "$host" "$LB_ALIVE")"
	same "$before" "$after"
}

lbs_check() {
	local host
	for host in $LBS; do
		lb "$host" check >"$work/check" 2>&1 || {
			cat "$work/check"
			return 1
		}
	done
}

haproxy() { # HOST COMMAND
	printf '%s\n' "$2" | "$F" ssh "$FLEET" "$1" \
		'docker exec -i haproxy socat -t 5 - UNIX-CONNECT:/opt/keybuzz/haproxy/run/admin.sock'
}

# install_lb HOST: what it says is kept in $work/install-HOST.
install_lb() {
	lb "$1" install >"$work/install-$1" 2>&1 && return 0
	cat "$work/install-$1"
	return 1
}

pending_for() { # HOST STEP
	grep -q "^waiting for $2" "$work/install-$1"
}

# A bundle as it would be after a change of one variable of manifests/roles/lb.yaml.
changed_bundle() { # VARIABLE VALUE COUNTER
	local site
	site=$work/site-$3
	mkdir -p "$site"
	cp -r manifests "$site/manifests" && cp -r payload "$site/payload" &&
		ln -s "$(readlink -f store)" "$site/store" || return 1
	sed -i "s/^\( *\)$1: .*/\1$1: $2/" "$site/manifests/roles/lb.yaml"
	sed -i "s/^counter: .*/counter: $3/" "$site/manifests/site.yaml"
	build/keybuzz-bundle --site "$site/manifests" build lb -o "$site" --key build/dev.key --level 3
}

silent() {
	local n
	n=$("$F" recorder "$FLEET" count) || return 1
	[ "$n" -eq 0 ] && return 0
	"$F" recorder "$FLEET" show
	return 1
}

# row WORDS..: a line of the table at the end.
row() {
	printf '%s\n' "$*" >>"$work/table"
}
