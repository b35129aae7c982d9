#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy reads its new settings and says what is wrong with them, before it
# runs with them.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# The characters that need no quoting in any of the files.
for name in sentinel check; do
	file=$REDIS_LB_BASE/settings/$name.password
	grep -qxE '[A-Za-z0-9._~-]+' "$file" ||
		die "redis.env: the password for '$name' holds a character other than A-Z a-z 0-9 . _ ~ -"
done
"$DOCKER" run --rm --pull=never --network none --user 99:99 --read-only --cap-drop ALL \
	--label "io.keybuzz.bundle=$KEYBUZZ_ROLE" \
	--mount "type=bind,src=$HAPROXY_BASE/config,dst=$HAPROXY_BASE/config,readonly" \
	--entrypoint /usr/sbin/haproxy "$(image_id haproxy)" -q -c -f "$HAPROXY_BASE/config" ||
	die "HAProxy does not accept $HAPROXY_BASE/config"
