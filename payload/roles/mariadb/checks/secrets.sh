#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No secret is where others can read it: files, arguments, and what the engine
# tells of its containers.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

settings=$MARIADB_BASE/settings
# grep reads the patterns from a file, so that they are no arguments either.
patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
{
	sed -n 's/^password = //p' "$settings"/*.cnf
	cat "$settings/peer.key"
} | grep . >"$patterns" || die "no secrets in $settings"

open=$(find "$settings" -xdev -type f -perm /077 -print 2>/dev/null | head -n 3)
[ -z "$open" ] || die "not for their owner only: $open"
for folder in settings conf data; do
	case $(stat -c %a "$MARIADB_BASE/$folder") in
	?[0-7]0) ;;
	*) die "$MARIADB_BASE/$folder is open to others" ;;
	esac
done
for process in /proc/[0-9]*; do
	# A process that ends meanwhile is no matter.
	for file in cmdline environ; do
		if grep -qaF -f "$patterns" "$process/$file" 2>/dev/null; then
			die "a secret is in $file of process ${process#/proc/}: $(cat "$process/comm")"
		fi
	done
done
if "$DOCKER" container inspect mariadb | grep -qF -f "$patterns"; then
	die "docker inspect mariadb shows a secret"
fi
if systemctl cat "$MARIADB_UNIT" | grep -qF -f "$patterns"; then
	die "$MARIADB_UNIT holds a secret"
fi
found "no secret in arguments, environments, units, docker inspect or files open to others"
