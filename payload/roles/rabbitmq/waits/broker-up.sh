#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The broker of this host runs, or is new and waits for others.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

if unit_gives_up "$RABBITMQ_UNIT"; then
	unit_last_words "$RABBITMQ_UNIT" 15 >&2
	die "$RABBITMQ_UNIT does not stay up: journalctl -u $RABBITMQ_UNIT"
fi
container_running rabbitmq || not_yet "the container rabbitmq is not running"
[ -z "$(waits_for)" ] || exit 0
running || not_yet "the broker starts"
