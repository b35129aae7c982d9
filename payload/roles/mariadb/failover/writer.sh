# shellcheck shell=dash
# A client that writes all the time, in a container of its own that survives
# what is done to the node. The tests begin it, break something, and read what
# it saw.

WRITER=$KEYBUZZ_STEP-$$

writer() {
	"$DOCKER" exec mariadb-writer "$MARIADB_BASE/inside/writer" "$WRITER" "$@" </dev/null
}

writer_begin() {
	local seconds
	seconds=$1

	writer_said=$(mktemp)
	trap writer_abandon EXIT
	trap 'exit 130' INT TERM
	"$DOCKER" rm --force mariadb-writer >/dev/null 2>&1 || true # none was left
	"$DOCKER" run --rm --pull=never --name mariadb-writer --network host --user 999:999 \
		--label io.keybuzz.bundle="$KEYBUZZ_ROLE" --log-driver none \
		--cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp:size=16m \
		--mount "type=bind,src=$MARIADB_BASE/settings,dst=$MARIADB_BASE/settings,readonly" \
		--mount "type=bind,src=$MARIADB_BASE/inside,dst=$MARIADB_BASE/inside,readonly" \
		--entrypoint "$MARIADB_BASE/inside/writer" "$(image_id mariadb)" \
		"$WRITER" "$seconds" >"$writer_said" 2>&1 &
	writer_job=$!
	poll 60 writer_has 10 || die "the writer cannot write: $(cat "$writer_said")"
}

writer_has() {
	local n

	n=$(writer count 2>/dev/null) || return 1
	[ "$n" -ge "$1" ]
}

writer_since() {
	writer since "$1"
}

# Ends the writer, says what it saw, and fails if an acknowledged number is lost
# or if it could not write for longer than GAP milliseconds.
writer_end() {
	local gap limit state
	limit=$1

	writer stop
	state=0
	wait "$writer_job" || state=$?
	say "$(cat "$writer_said")"
	[ "$state" -eq 0 ] || die "numbers that were acknowledged are lost, or cannot be read"
	gap=$(sed -n 's/.*longest gap \([0-9]*\) ms.*/\1/p' "$writer_said")
	[ "$gap" -le "$limit" ] || die "no write for $gap ms, at most $limit ms is allowed"
}

writer_abandon() {
	"$DOCKER" rm --force mariadb-writer >/dev/null 2>&1 || true # it is not there any more
	rm -f "$writer_said"
}
