#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The server reads its settings and names an unknown one, before a node that
# runs is stopped for them.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"

said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! "$DOCKER" run --rm --pull=never --network none --user 999:999 \
	--label io.keybuzz.bundle="$KEYBUZZ_ROLE" --cap-drop ALL --security-opt no-new-privileges --read-only \
	--mount type=bind,src=/opt/keybuzz/mariadb/settings,dst=/opt/keybuzz/mariadb/settings,readonly \
	--entrypoint /usr/sbin/mariadbd "$(image_id mariadb)" \
	--defaults-file=/opt/keybuzz/mariadb/settings/my.cnf --verbose --help >/dev/null 2>"$said"; then
	grep -F '[ERROR]' "$said" >&2 || cat "$said" >&2
	die "MariaDB does not accept settings/my.cnf"
fi
