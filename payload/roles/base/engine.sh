#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The container engine: our settings in daemon.json beside those of others, and
# the engine running with them. An engine with containers is never restarted: it
# reads what it can read, and the rest is said.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

CONFIG=/etc/docker/daemon.json
DROPIN=/etc/systemd/system/docker.service.d/keybuzz.conf
RELOADED=$BASE/state/docker.service.reloaded

# A setting of somebody else that contradicts ours ends this: neither may be lost.
check_conflicts() {
	jq -r -n --slurpfile ours "$BASE/daemon.json" --slurpfile last "$WORK/last" --slurpfile there "$WORK/there" '
		$there[0] as $t | $last[0] as $l | $ours[0] | to_entries[] | .key as $k |
		select(($t | has($k)) and $t[$k] != .value and $t[$k] != $l[$k]) |
		"\"\($k)\" is \($t[$k] | tojson), KeyBuzz needs \(.value | tojson)"' >"$WORK/conflicts"
	[ ! -s "$WORK/conflicts" ] || die "$CONFIG: $(paste -sd ';' "$WORK/conflicts"); change it or this role's daemon.json"
}

merge() {
	printf '{}\n' | tee "$WORK/there" >"$WORK/last"
	[ ! -s "$CONFIG" ] || cat "$CONFIG" >"$WORK/there"
	[ ! -s "$BASE/state/daemon.json" ] || cat "$BASE/state/daemon.json" >"$WORK/last"
	jq -e 'type == "object"' "$WORK/there" >/dev/null || die "$CONFIG is no JSON object"
	check_conflicts
	jq --tab -S -n --slurpfile ours "$BASE/daemon.json" --slurpfile last "$WORK/last" --slurpfile there "$WORK/there" '
		($there[0] | with_entries(.key as $k | select($last[0][$k] != .value))) + $ours[0]' >"$WORK/daemon.json"
	if dockerd --help 2>&1 | grep -q -e --validate; then
		dockerd --validate --config-file "$WORK/daemon.json" >"$WORK/words" 2>&1 ||
			die "the engine refuses its configuration: $(tail -n 1 "$WORK/words")"
	fi
}

engine_answers() {
	"$DOCKER" info >/dev/null 2>&1
}

# Images of another storage driver would be out of sight.
check_storage() {
	local driver

	# To ask an engine that is down would start it, by its socket.
	systemctl --quiet is-active docker.service || return 0
	driver=$("$DOCKER" info --format '{{.Driver}}')
	if [ "$driver" != overlay2 ] && [ -n "$("$DOCKER" images --quiet)" ]; then
		die "the engine keeps its images by $driver, and has some; KeyBuzz needs overlay2"
	fi
}

invocation() {
	systemctl show --property InvocationID --value docker.service
}

# What can be read without a restart is read once.
reload() {
	local now
	now="$(digest_of "$CONFIG" "$DROPIN") $(invocation)"

	if [ "$(cat "$RELOADED" 2>/dev/null)" != "$now" ]; then
		act systemctl reload docker.service
		printf '%s\n' "$now" >"$RELOADED"
	fi
	warn "containers are running: the engine has read the new settings that need no restart. For the others stop them, then systemctl restart docker"
}

# restarted_by_others: since the reload with just these settings.
restarted_by_others() {
	local digest invocation

	read -r digest invocation 2>/dev/null <"$RELOADED" || return 1
	[ "$digest" = "$(digest_of "$CONFIG" "$DROPIN")" ] && [ "$invocation" != "$(invocation)" ]
}

bring_up() {
	if [ "$(systemctl show --property NeedDaemonReload --value docker.service)" = yes ]; then
		act systemctl daemon-reload
	fi
	enable_unit containerd.service
	enable_unit docker.service
	if ! systemctl --quiet is-active docker.service; then
		act systemctl start docker.service || die "the engine does not start: $(unit_last_words docker.service)"
	elif loaded docker.service "$CONFIG" "$DROPIN" || restarted_by_others; then
		:
	elif [ -n "$("$DOCKER" ps --quiet)" ]; then
		reload
		return 0
	else
		act systemctl restart docker.service || die "the engine does not start again: $(unit_last_words docker.service)"
	fi
	poll 60 engine_answers || die "the engine does not answer: $(unit_last_words docker.service)"
	loaded docker.service "$CONFIG" "$DROPIN" || note_loaded docker.service "$CONFIG" "$DROPIN"
	rm -f "$RELOADED"
}

main() {
	command -v dockerd >/dev/null || die "docker is not installed"
	scratch
	merge
	check_storage
	keep_first "$CONFIG"
	install_file "$WORK/daemon.json" "$CONFIG" || true # it is as it should be
	install_file "$BASE/daemon.json" "$BASE/state/daemon.json" || true # the same
	bring_up
}

main
