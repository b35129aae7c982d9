# shellcheck shell=dash
# A publisher with confirms, outside of the hosts, that goes on while they fail;
# in the end it reads everything back. It is the role's own writer, run here.
# Sourced by tests that have F, FLEET and work.
# shellcheck disable=SC2154

PUBLISHER=payload/roles/rabbitmq/inside/writer
# Milliseconds without a confirm that are allowed: hosts share one machine here,
# which is often busy. What was needed is printed.
GAP_LIMIT=${GAP_LIMIT:-120000}

# publisher_settings ADDRESS..: who it is, as rabbitmq.env says.
publisher_settings() {
	local address
	mkdir -p "$work/settings"
	{
		printf 'address %s\nport 5672\nvhost keybuzz\napplication-user ' "$1"
		sed -n 's/^RABBITMQ_USER=//p' "$work/credentials/rabbitmq.env"
	} >"$work/settings/node"
	sed -n 's/^RABBITMQ_PASSWORD=//p' "$work/credentials/rabbitmq.env" >"$work/settings/application.password"
	for address; do
		printf 'host %s\n' "$address"
	done >"$work/settings/peers"
}

# publisher_begin ADDRESS..: the first one leads its queue.
publisher_begin() {
	# shellcheck disable=SC2016
	"$F" net "$FLEET" sh -c 'echo $$ >"$1.pid"; KEYBUZZ_SETTINGS=$1 exec tests/roles/rabbitmq/publish "$2" keybuzz.test $3' \
		- "$work/settings" "$PUBLISHER" "$*" >"$work/published" 2>&1 &
	publisher_job=$!
	within 120 published 50
}

published() {
	[ "$(grep -c '^written ' "$work/published")" -ge "$1" ]
}

# published_after MS: something was confirmed after that moment.
published_after() {
	awk -v since="$1" '$1 == "written" && $3 > since { found = 1 } END { exit !found }' "$work/published"
}

# publisher_end NAME: a row of the table; fails if a confirmed message is lost.
publisher_end() {
	local status line
	kill "$(cat "$work/settings.pid")" || return 1
	status=0
	wait "$publisher_job" || status=$?
	line=$(tail -n 1 "$work/published")
	{
		printf '%s: %s\n' "$1" "$line"
		awk '$1 == "written" { last = $3 }
			$1 == "not" { printf "    not confirmed after %d ms: %s\n", $3 - last, $4 }' "$work/published" | head -n 6
	} | tee -a "$work/table"
	[ "$status" -eq 0 ] && [ "$(printf '%s\n' "$line" | sed -n 's/.*gap \([0-9]*\) ms/\1/p')" -le "$GAP_LIMIT" ]
}

# during NAME ADDRESS COMMAND..: what is done while it publishes, to a queue that
# the host at ADDRESS leads; then it has to go on.
during() {
	local name address status others
	name=$1 address=$2
	shift 2
	others=$(awk -v own="$address" '$2 != own { print $2 }' "$work/settings/peers")
	# shellcheck disable=SC2086
	publisher_begin "$address" $others || { tail -n 5 "$work/published"; return 1; }
	status=0
	"$@" || status=$?
	within 180 published_after "$(date +%s%3N)" || status=1
	publisher_end "$name" || status=1
	return "$status"
}
