#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The cookie is where Erlang takes it, for its owner only, and is the one of the
# cluster.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

cookie=$RABBITMQ_BASE/data/.erlang.cookie
[ "$(stat -c '%a %u:%g' "$cookie")" = '400 999:999' ] || die "$cookie is $(stat -c '%a %u:%g' "$cookie")"
[ "$(cat "$cookie")" = "$(cat "$RABBITMQ_BASE/settings/erlang.cookie")" ] ||
	die "$cookie is not that of rabbitmq.env"
# Who has another one is not answered.
for name in $(peer_names); do
	inside cluster "$name" >/dev/null || die "$name does not take the cookie of this host, or does not run"
done
found "one cookie, for its owner only"
