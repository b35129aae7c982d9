# shellcheck shell=dash
# A client that publishes all the time, in a container of its own: it survives
# what is done to the broker. Its queue is led by this host at first.

WRITER=rabbitmq-writer

writer_begin() {
	writer_said=$(mktemp)
	trap writer_abandon EXIT
	trap 'exit 130' INT TERM
	"$DOCKER" rm --force "$WRITER" >/dev/null 2>&1 || true # there is none
	# Addresses are arguments, passwords are read inside.
	# shellcheck disable=SC2046
	"$DOCKER" run --rm --pull=never --name "$WRITER" --network host --user 999:999 \
		--label "io.keybuzz.bundle=$KEYBUZZ_ROLE" --log-driver none \
		--cap-drop ALL --security-opt no-new-privileges --read-only \
		--mount "type=bind,src=$RABBITMQ_BASE/settings,dst=$RABBITMQ_BASE/settings,readonly" \
		--mount "type=bind,src=$RABBITMQ_BASE/inside,dst=$RABBITMQ_BASE/inside,readonly" \
		--entrypoint "$RABBITMQ_BASE/inside/writer" "$(image_id rabbitmq)" \
		"keybuzz.failover.$KEYBUZZ_HOST" "$KEYBUZZ_ADDRESS" $(other_addresses) >"$writer_said" 2>&1 &
	writer_job=$!
	poll 60 writer_has 50 || die "the writer cannot write: $(tail -n 3 "$writer_said")"
}

writer_has() {
	[ "$(grep -c '^written ' "$writer_said")" -ge "$1" ]
}

# writer_since MS: it wrote after that moment.
writer_since() {
	awk -v since="$1" '$1 == "written" && $3 > since { found = 1 } END { exit !found }' "$writer_said"
}

# Ends the writer, says what it saw, and fails if a confirmed number is lost or
# if nothing was confirmed for longer than LIMIT milliseconds.
writer_end() {
	local gap limit state
	limit=$1

	"$DOCKER" kill --signal TERM "$WRITER" >/dev/null
	state=0
	wait "$writer_job" || state=$?
	say "$(tail -n 1 "$writer_said")"
	[ "$state" -eq 0 ] || die "confirmed messages are lost, or cannot be read"
	gap=$(sed -n 's/.*longest gap \([0-9]*\) ms.*/\1/p' "$writer_said")
	[ "$gap" -le "$limit" ] || die "nothing confirmed for $gap ms, at most $limit ms is allowed"
}

writer_abandon() {
	"$DOCKER" rm --force "$WRITER" >/dev/null 2>&1 || true # it is not there any more
	rm -f "$writer_said"
}
