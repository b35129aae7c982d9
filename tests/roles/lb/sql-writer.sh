# shellcheck shell=dash
# A client of PostgreSQL that writes a number every 100 ms, each on a connection
# of its own, through a load balancer. Runs inside the container patroni of a
# database host, which has psql; the password comes first on standard input:
#
#	{ echo PGPASSWORD=..; cat tests/roles/lb/sql-writer.sh; } |
#		fleet ssh FLEET HOST docker exec -i patroni sh -s -- ADDRESS PORT SECONDS
#
# It ends sooner when there is /tmp/writers-stop. A number counts when the server
# has said so. One line for each gap of a second or more: "gap FROM MS" (FROM in
# milliseconds since the beginning), then "written N lost N longest MS".
set -eu
export PGPASSWORD PGCONNECT_TIMEOUT=2

now() {
	date +%s%3N
}

sql() {
	timeout -s KILL 4 psql --no-psqlrc -qAt -w -v ON_ERROR_STOP=1 \
		-h "$address" -p "$port" -U kb_app -d keybuzz -c "$1" </dev/null 2>/dev/null
}

until_done() {
	local last
	last=$(($(date +%s) + 90))

	until sql "$1"; do
		[ "$(date +%s)" -lt "$last" ] || exit 1
		sleep 0.3
	done
}

write_numbers() {
	local n
	n=0

	while [ ! -e /tmp/writers-stop ] && [ "$(now)" -lt "$end" ]; do
		n=$((n + 1))
		if sql "INSERT INTO $table VALUES ($n)"; then
			printf '%s %s\n' "$(now)" "$n" >>"$work.written"
		fi
		sleep 0.1
	done
}

lost() {
	until_done "SELECT n FROM $table" | sort >"$work.there"
	until_done "DROP TABLE $table"
	cut -d ' ' -f 2 "$work.written" | sort | comm -23 - "$work.there" | wc -l
}

main() {
	local begin

	until_done "CREATE TABLE $table (n integer PRIMARY KEY)"
	begin=$(now)
	end=$((begin + seconds * 1000))
	: >"$work.written"
	write_numbers
	awk -v begin="$begin" -v lost="$(lost)" '
		NR > 1 && $1 - last >= 1000 { print "gap", last - begin, $1 - last }
		NR > 1 && $1 - last > longest { longest = $1 - last }
		{ last = $1 }
		END { print "written", NR, "lost", lost, "longest", longest + 0 }' "$work.written"
}

address=$1 port=$2 seconds=$3
table=lb_writer_$$
work=/tmp/sql-writer.$$
trap 'rm -f "$work".*' EXIT
main
