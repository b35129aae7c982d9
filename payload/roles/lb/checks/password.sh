#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nobody gets anything from Redis through this host without the password, and
# the user of this host's checks sees nothing.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

if ! seen redis; then
	found "Redis was never here: not installed yet"
	exit 0
fi
reply=$(ask check-nobody "$KEYBUZZ_ADDRESS" GET keybuzz)
case $reply in
NOAUTH*) ;;
*) die "Redis says '$reply' to GET without a password, not NOAUTH" ;;
esac
reply=$(ask check "$KEYBUZZ_ADDRESS" GET keybuzz)
case $reply in
NOPERM*) ;;
*) die "Redis says '$reply' to GET of the user for checks, not NOPERM" ;;
esac
found "NOAUTH without the password"
