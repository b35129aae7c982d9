#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The passwords stand in redis.conf, in sentinel.conf and in the configuration
# of clients: only characters that need no quoting anywhere.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"

settings=/opt/keybuzz/redis/settings

for name in redis sentinel check; do
	if ! grep -qxE '[A-Za-z0-9._~-]+' "$settings/$name.password"; then
		die "redis.env: the password for '$name' holds a character other than A-Z a-z 0-9 . _ ~ -"
	fi
done
if cmp -s "$settings/redis.password" "$settings/sentinel.password"; then
	warn "redis.env: REDIS_SENTINEL_PASSWORD is the same as REDIS_PASSWORD"
fi
if cmp -s "$settings/redis.password" "$settings/check.password"; then
	die "redis.env: REDIS_CHECK_PASSWORD is the same as REDIS_PASSWORD; whoever only checks would know both"
fi
