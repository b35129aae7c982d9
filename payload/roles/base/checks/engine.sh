#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The engine runs with our settings, and its containers survive it.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

field() {
	"$DOCKER" info --format "{{$1}}" 2>/dev/null
}

is() {
	local value
	value=$(field "$1")
	[ "$value" = "$2" ] || die "docker info: $1 is '$value', not '$2'"
}

version=$(field .ServerVersion)
[ -n "$version" ] || die "the engine does not answer: systemctl status docker"
is .LiveRestoreEnabled true
is .LoggingDriver json-file
is .CgroupDriver systemd
is .Driver overlay2
proxy=$(setting no-way-out)
is .HTTPProxy "$proxy"
is .HTTPSProxy "$proxy"
wrong=$(jq -r -n --slurpfile ours "$BASE/daemon.json" --slurpfile there /etc/docker/daemon.json '
	$ours[0] | to_entries[] | select($there[0][.key] != .value) | .key' | paste -sd ' ')
[ -z "$wrong" ] || die "/etc/docker/daemon.json differs in: $wrong"
if "$DOCKER" network inspect bridge >/dev/null 2>&1; then
	die "there is a default bridge: the engine runs with older settings; when its containers may stop: systemctl restart docker"
fi
loaded docker.service /etc/docker/daemon.json /etc/systemd/system/docker.service.d/keybuzz.conf ||
	die "the engine runs with older settings; when its containers may stop: systemctl restart docker"
for unit in docker.service containerd.service; do
	[ "$(systemctl is-enabled "$unit")" = enabled ] || die "$unit is not enabled"
done
found "engine $version, overlay2, systemd, live-restore, no bridge"
