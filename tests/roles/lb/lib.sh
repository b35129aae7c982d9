# shellcheck shell=dash
# What the tests of the load balancers share, whatever is behind them. Sourced
# after tests/roles/lib.sh; FLEET and LBS are set.

LB_RUN=${LB_RUN:-dist/keybuzz-lb.run}
# What the role itself writes all the time, where an install notes that it has
# asked again for what is pending (one of the clusters is missing in each of these
# tests), and what the first run after a boot lays out: not for `tree`.
LB_ALIVE='/opt/keybuzz/(redis-lb/status|haproxy/run|haproxy/seen|pgbouncer/run)|/var/lib/keybuzz|/keybuzz-installer/logs|^/run/keybuzz'

lb() { # HOST ARGUMENT..
	local host
	host=$1
	shift
	timeout 600 "$F" ssh "$FLEET" "$host" "./keybuzz-lb.run $*"
}

deliver_lb() {
	local host
	for host in $LBS; do
		"$F" scp "$FLEET" "$LB_RUN" "$host:/root/keybuzz-lb.run" &&
			prepare "$FLEET" "$host" || return 1
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

lb_check() {
	lb "$1" check
}

lbs_check() {
	at_once check "$LBS" lb_check
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

# sql_from HOST/CONTAINER ADDRESS PORT TEXT [USER PASSWORD]: as the application.
sql_from() {
	local place
	place=$1
	shift
	printf 'export PGPASSWORD=%s PGCONNECT_TIMEOUT=5\nexec psql --no-psqlrc -qAt -w -v ON_ERROR_STOP=1 -h %s -p %s -U %s -d keybuzz -c "%s" </dev/null\n' \
		"${5:-$app_password}" "$1" "$2" "${4:-kb_app}" "$3" |
		timeout 60 "$F" ssh "$FLEET" "${place%/*}" docker exec -i "${place#*/}" sh
}

# row WORDS..: a line of the table at the end.
row() {
	printf '%s\n' "$*" >>"$work/table"
}

# ---- clients that write, in containers of hosts: HOST/CONTAINER ----

# writers_ready HOST/CONTAINER..: where the next ones will be.
writers_ready() {
	local place
	writers='' writing_in="$*"
	for place; do
		"$F" ssh "$FLEET" "${place%/*}" docker exec "${place#*/}" rm -f /tmp/writers-stop || return 1
	done
}

# lb_writer NAME HOST/CONTAINER SCRIPT WORD..: begins to write; the words are the
# script's. It goes on until writers_end.
lb_writer() {
	local name place script
	name=$1 place=$2 script=$3
	shift 3
	{
		printf 'PGPASSWORD=%s\n' "${app_password:-}"
		cat "$script"
	} | timeout 900 "$F" ssh "$FLEET" "${place%/*}" docker exec -i "${place#*/}" sh -s -- "$@" \
		>"$work/writer-$name" 2>&1 &
	writers="$writers $name:$!"
}

# wrote N MIN MS: N clients have each written MIN numbers or more since then, in
# milliseconds of the clock. Of what was long ago, no more than 100 are looked at.
wrote() {
	local place
	for place in $writing_in; do
		"$F" ssh "$FLEET" "${place%/*}" "docker exec ${place#*/} sh -c \
			'for f in /tmp/*writer.*.written; do echo writer; tail -n 100 \$f; done'" 2>/dev/null </dev/null
	done | awk -v wanted="$1" -v min="$2" -v ms="$3" '
		$1 == "writer" { writers += n >= min; n = 0 }
		$1 + 0 > ms { n++ }
		END { exit writers + (n >= min) != wanted }'
}

now() {
	date +%s%3N
}

# writers_end WHAT LIMIT LOST: no client was without a write for longer than LIMIT
# ms, and none that says how much is lost has lost more than LOST.
writers_end() {
	local job name place status
	status=0
	for place in $writing_in; do
		"$F" ssh "$FLEET" "${place%/*}" docker exec "${place#*/}" touch /tmp/writers-stop || return 1
	done
	for job in $writers; do
		name=${job%%:*}
		wait "${job#*:}" || status=1
		sed "s/^/$name: /" "$work/writer-$name"
		awk -v limit="$2" -v lost="$3" '$1 == "written" { fine = $6 <= limit && (lost == "any" || $4 <= lost + 0) }
			END { exit !fine }' "$work/writer-$name" || status=1
		row "$1 | $(writer_title "$name") | $(
			awk '$1 == "written" { print $6 " ms | " $2 " | " $4 }' "$work/writer-$name")"
	done
	return "$status"
}

writer_title() {
	case $1 in
	5432) echo 'SQL, port 5432' ;;
	6432) echo 'SQL, port 6432, PgBouncer' ;;
	wait) echo 'Redis, waits for a replica' ;;
	one) echo 'Redis, one connection, does not wait' ;;
	esac
}
