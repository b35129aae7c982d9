# shellcheck shell=dash
# N clients of PostgreSQL at the same time, each for a moment; status 1 if one of
# them gets no answer. Runs as sql-writer.sh does, with ADDRESS PORT N.
set -eu
export PGPASSWORD

i=0 clients=''
while [ "$i" -lt "$3" ]; do
	i=$((i + 1))
	psql --no-psqlrc -qAt -w -h "$1" -p "$2" -U kb_app -d keybuzz -c 'SELECT pg_sleep(0.5)' </dev/null >/dev/null &
	clients="$clients $!"
done
for i in $clients; do
	wait "$i"
done
