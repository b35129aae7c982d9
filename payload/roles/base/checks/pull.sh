#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# A pull fails at once, at the proxy that does not exist. The registry asked for
# is an address that is nobody's: of a name, the engine first asks a name server.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

begin=$(date +%s)
if answer=$("$DOCKER" pull --quiet 192.0.2.1/keybuzz/nothing:1 2>&1); then
	die "the engine has pulled an image from a registry"
fi
took=$(($(date +%s) - begin))
case $answer in
*proxyconnect*) ;;
*) die "a pull fails, but not at the proxy: $answer" ;;
esac
[ "$took" -le 5 ] || die "a pull fails only after $took s"
found "pulls are refused at once"
