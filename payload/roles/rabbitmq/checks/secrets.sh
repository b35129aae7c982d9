#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No secret is where others can read it: files, arguments, environments, and
# what the engine tells of its containers.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

# grep reads the patterns from a file, so that they are no arguments either.
patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
cat "$RABBITMQ_BASE"/settings/*.password "$RABBITMQ_BASE/settings/erlang.cookie" >"$patterns"
[ "$(grep -c . "$patterns")" -eq 4 ] || die "not four secrets in $RABBITMQ_BASE/settings"

open=$(find "$RABBITMQ_BASE/settings" -name '*.password' -perm /077 -print -o \
	-name '*.cookie' -perm /077 -print -o -name rabbitmq.conf -perm /077 -print)
[ -z "$open" ] || die "not for their owner only: $open"
for folder in settings data state; do
	case $(stat -c %a "$RABBITMQ_BASE/$folder") in
	?[0-7]0) ;;
	*) die "$RABBITMQ_BASE/$folder is open to others" ;;
	esac
done
for process in /proc/[0-9]*; do
	for file in cmdline environ; do
		# A process that ends meanwhile is no matter.
		if grep -qaF -f "$patterns" "$process/$file" 2>/dev/null; then
			die "a secret is in the $file of process ${process#/proc/}: $(cat "$process/comm")"
		fi
	done
done
if "$DOCKER" container inspect rabbitmq | grep -qF -f "$patterns"; then
	die "docker inspect shows a secret"
fi
if systemctl cat "$RABBITMQ_UNIT" | grep -qF -f "$patterns"; then
	die "$RABBITMQ_UNIT holds a secret"
fi
found "no secret in arguments, environments, unit, docker inspect or files open to others"
