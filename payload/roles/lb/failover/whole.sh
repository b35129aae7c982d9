#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything is as it was.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

whole || exit 75
