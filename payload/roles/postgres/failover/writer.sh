# shellcheck shell=dash
# A client that writes all the time, in a container of its own: the other one
# may be what dies. The tests begin it, break something, and read what it saw.

WRITER=patroni-writer
WRITER_TABLE=keybuzz_failover_$$

writer() {
	"$DOCKER" exec "$WRITER" "$PATRONI_BASE/inside/writer" "$WRITER_TABLE" "$@"
}

writer_begin() {
	local seconds
	seconds=$1

	"$DOCKER" rm --force "$WRITER" >/dev/null 2>&1 || true # no test was cut short
	writer_said=$(mktemp)
	beside "$WRITER" writer "$WRITER_TABLE" "$seconds" </dev/null >"$writer_said" &
	writer_job=$!
	trap writer_abandon EXIT
	trap 'exit 130' INT TERM
	poll 30 writer_has 10 || die "the writer cannot write: $(cat "$writer_said")"
}

writer_has() {
	local n

	n=$(writer count 2>/dev/null) || return 1
	[ "$n" -ge "$1" ]
}

writer_since() {
	writer since "$1"
}

# Ends the writer and says what it saw. Fails if it could not write for longer
# than GAP milliseconds, or if more than LOST numbers are lost ("any": they may
# be).
writer_end() {
	local gap limit lost most
	limit=$1 most=$2

	writer stop
	wait "$writer_job" || die "the writer failed: $(cat "$writer_said")"
	say "$(cat "$writer_said")"
	lost=$(sed -n 's/.*lost \([0-9]*\),.*/\1/p' "$writer_said")
	gap=$(sed -n 's/.*longest gap \([0-9]*\) ms.*/\1/p' "$writer_said")
	if [ "$most" != any ] && [ "$lost" -gt "$most" ]; then
		die "$lost acknowledged numbers are lost"
	fi
	[ "$gap" -le "$limit" ] || die "no write for $gap ms, at most $limit ms is allowed"
}

writer_abandon() {
	"$DOCKER" rm --force "$WRITER" >/dev/null 2>&1 || true # it is not there any more
	rm -f "$writer_said"
}
