#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No password is where others can read it: files, arguments, environments, and
# what the engine tells of its containers.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

# grep reads the patterns from a file, so that they are no arguments either.
patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
cat "$REDIS_BASE"/settings/*.password >"$patterns"
grep -q . "$patterns" || die "no passwords in $REDIS_BASE/settings"

open=$(find "$REDIS_BASE/settings" "$REDIS_BASE/conf" "$REDIS_BASE/data" -xdev \
	-type f -perm /077 -print 2>/dev/null | head -n 3)
[ -z "$open" ] || die "not for their owner only: $open"
for folder in settings conf data; do
	case $(stat -c %a "$REDIS_BASE/$folder") in
	?[0-7]0) ;;
	*) die "$REDIS_BASE/$folder is open to others" ;;
	esac
done
for process in /proc/[0-9]*; do
	# A process that ends meanwhile is no matter.
	if grep -qaF -f "$patterns" "$process/cmdline" 2>/dev/null; then
		die "a password is an argument of process ${process#/proc/}: $(cat "$process/comm")"
	fi
done
for container in redis redis-sentinel; do
	if "$DOCKER" container inspect "$container" | grep -qF -f "$patterns"; then
		die "docker inspect $container shows a password"
	fi
done
for unit in "$REDIS_UNIT" "$SENTINEL_UNIT"; do
	if systemctl cat "$unit" | grep -qF -f "$patterns"; then
		die "$unit holds a password"
	fi
done
found "no password in arguments, units, docker inspect or files open to others"
