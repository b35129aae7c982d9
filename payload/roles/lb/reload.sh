#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# HAProxy takes over the settings without losing a session, unless it has just
# been started with them.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

act "$DOCKER" exec haproxy "$HAPROXY_BASE/inside/reload" >&2 ||
	die "HAProxy goes on with the settings it had"
