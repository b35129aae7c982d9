# shellcheck shell=dash
# A client that writes all the time, in the container that survives: the one
# of Sentinel. The tests begin it, break something, and read what it saw.

WRITER=$KEYBUZZ_STEP-$$

writer() {
	inside writer "$WRITER" "$@"
}

writer_begin() {
	local seconds
	seconds=$1

	writer_said=$(mktemp)
	writer "$seconds" >"$writer_said" &
	writer_job=$!
	trap writer_abandon EXIT
	trap 'exit 130' INT TERM
	poll 15 writer_has 10 || die "the writer cannot write: $(cat "$writer_said")"
}

writer_has() {
	local n

	n=$(writer count 2>/dev/null) || return 1
	[ "$n" -ge "$1" ]
}

writer_since() {
	writer since "$1"
}

# Ends the writer, says what it saw, and fails if a written number is lost or
# if it could not write for longer than GAP milliseconds.
writer_end() {
	local gap limit state
	limit=$1

	writer stop
	state=0
	wait "$writer_job" || state=$?
	say "$(cat "$writer_said")"
	[ "$state" -eq 0 ] || die "numbers that were on a replica are lost, or cannot be read"
	gap=$(sed -n 's/.*longest gap \([0-9]*\) ms.*/\1/p' "$writer_said")
	[ "$gap" -le "$limit" ] || die "no write for $gap ms, at most $limit ms is allowed"
}

writer_abandon() {
	writer stop || true # it is not there any more
	rm -f "$writer_said"
}
