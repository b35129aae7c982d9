#!/bin/sh
# shellcheck shell=dash
# The server answers, and runs with the settings that are on the disk.
set -u

wanted=$(sed -n 's/^maxclients //p' /opt/keybuzz/release/settings.conf)
real=$(/usr/bin/docker exec release redis-cli -p 7000 --raw CONFIG GET maxclients 2>/dev/null |
	tail -n 1)
[ "$real" = "$wanted" ] && exit 0
printf 'maxclients is "%s", wanted %s\n' "$real" "$wanted" >&2
exit 75
