#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The vhost, the accounts and their passwords: made once, by whichever host comes
# first, and the same everywhere.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

if ! running; then
	say "the broker does not run yet: the install of another host makes the accounts"
	exit 0
fi
inside accounts make
# A password is changed where it is used, not by installing.
reply=$(inside probe logins 2>&1) ||
	die "$reply." "Restore rabbitmq.env, or change the password in the cluster first:" \
		"docker exec -it rabbitmq $RABBITMQ_BASE/inside/tool rabbitmqctl change_password USER"
# From now on an empty data directory under this name is not a new host.
if [ ! -e "$RABBITMQ_BASE/state/member" ] || [ ! -e "$RABBITMQ_BASE/data/.keybuzz-member" ]; then
	: >"$RABBITMQ_BASE/data/.keybuzz-member"
	: >"$RABBITMQ_BASE/state/member"
fi
