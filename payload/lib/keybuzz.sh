# shellcheck shell=dash source-path=SCRIPTDIR
# The library of all roles' scripts. A script begins with
#
#	. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
#
# and runs as root with the environment that docs/manifest.md describes. Words
# for people go to stderr; the last line a check prints on stdout is what it
# found. No secret is ever an argument or in the environment.
set -eu
umask 022

# shellcheck source=log.sh
. "$KEYBUZZ_PAYLOAD/lib/log.sh"
# shellcheck source=peers.sh
. "$KEYBUZZ_PAYLOAD/lib/peers.sh"
# shellcheck source=engine.sh
. "$KEYBUZZ_PAYLOAD/lib/engine.sh"
# shellcheck source=unit.sh
. "$KEYBUZZ_PAYLOAD/lib/unit.sh"
# shellcheck source=volume.sh
. "$KEYBUZZ_PAYLOAD/lib/volume.sh"
