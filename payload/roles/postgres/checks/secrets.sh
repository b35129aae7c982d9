#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No password is where others can read it: files, arguments, environments, what
# the engine tells of its containers, what Patroni tells everybody.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

# grep reads the patterns from a file, so that they are no arguments either.
patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
awk '$1 ~ /^(api|raft|.*-password|.*-verifier)$/ { print $2 }' "$PATRONI_BASE/config/secrets" >"$patterns"
grep -q . "$patterns" || die "no passwords in $PATRONI_BASE/config/secrets"

open=$(find "$PATRONI_BASE/config" -xdev -type f -perm /077 -print | head -n 3)
[ -z "$open" ] || die "not for their owner only: $open"
for folder in "$PATRONI_BASE/config" "$POSTGRES_BASE/data" "$POSTGRES_BASE/raft"; do
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
	if grep -qaF -f "$patterns" "$process/environ" 2>/dev/null; then
		die "a password is in the environment of process ${process#/proc/}: $(cat "$process/comm")"
	fi
done
if "$DOCKER" container inspect patroni | grep -qF -f "$patterns"; then
	die "docker inspect patroni shows a password"
fi
if systemctl cat "$PATRONI_UNIT" | grep -qF -f "$patterns"; then
	die "$PATRONI_UNIT holds a password"
fi
if journalctl --unit "$PATRONI_UNIT" --no-pager --output cat | grep -qF -f "$patterns"; then
	die "the log of $PATRONI_UNIT shows a password"
fi
if inside api GET "$KEYBUZZ_ADDRESS" /config nobody </dev/null | grep -qF -f "$patterns"; then
	die "Patroni tells everybody a password: GET /config"
fi
found "no password in arguments, environments, units, logs, docker inspect, /config or files open to others"
