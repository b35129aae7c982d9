#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# keepalived reads its settings and says what is wrong with them, before it runs
# with them. Without a virtual address too: the site may want one tomorrow.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

# Whether the user of the track script may run it is tried, too.
"$DOCKER" run --rm --pull=never --network host --user 0:0 --read-only --tmpfs /run:size=1m \
	--cap-drop ALL --cap-add SETUID --cap-add SETGID \
	--label "io.keybuzz.bundle=$KEYBUZZ_ROLE" \
	--mount "type=bind,src=$KEEPALIVED_BASE/config,dst=$KEEPALIVED_BASE/config,readonly" \
	--mount "type=bind,src=$KEEPALIVED_BASE/inside,dst=$KEEPALIVED_BASE/inside,readonly" \
	--entrypoint "$KEEPALIVED_BASE/inside/start" "$(image_id keepalived)" --config-test >&2 ||
	die "keepalived does not accept $KEEPALIVED_BASE/config/keepalived.conf"
