#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The watcher is at work and content.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# Seconds; the watcher writes it every 10.
OLD=20

state=$REDIS_LB_BASE/status/STATE
[ -f "$state" ] || die "the watcher has written no $state"
age=$(($(date +%s) - $(stat -c %Y "$state")))
[ "$age" -le "$OLD" ] || die "$state is $age s old: the watcher does nothing"
read -r word _ reason <"$state"
[ "$word" = OK ] || ! seen redis || die "$word: $reason"
found "$word, $age s ago: $reason"
