#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No password is where others can read it: files, arguments, and what the
# engine tells of its containers.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# grep reads the patterns from a file, so that they are no arguments either.
patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
lb_secrets >"$patterns"
grep -q . "$patterns" || die "this host has no passwords"

# shellcheck disable=SC2086
open=$(find $LB_SECRET_FOLDERS -xdev -type f -perm /077 -print | head -n 3)
[ -z "$open" ] || die "not for their owner only: $open"
for folder in $LB_SECRET_FOLDERS; do
	case $(stat -c %a "$folder") in
	?[0-7]0) ;;
	*) die "$folder is open to others" ;;
	esac
done
for process in /proc/[0-9]*; do
	# A process that ends meanwhile is no matter.
	if grep -qaF -f "$patterns" "$process/cmdline" 2>/dev/null; then
		die "a password is an argument of process ${process#/proc/}: $(cat "$process/comm")"
	fi
done
for container in $LB_CONTAINERS; do
	if "$DOCKER" container inspect "$container" | grep -qF -f "$patterns"; then
		die "docker inspect $container shows a password"
	fi
done
for unit in $LB_UNITS; do
	if systemctl cat "$unit" | grep -qF -f "$patterns"; then
		die "$unit holds a password"
	fi
done
found "no password in arguments, units, docker inspect or files open to others"
