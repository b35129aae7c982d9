#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host is back in the cluster, and so are the members of the queues.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

container_running rabbitmq || not_yet "the container rabbitmq is not running"
whole || exit 75
[ -z "$(lacking)" ] || not_yet "members of quorum queues are not online yet"
