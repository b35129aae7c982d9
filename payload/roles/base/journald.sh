#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The journal on disk, within its limits. Journald starts anew only for that.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

follow systemd-journald.service restart /etc/systemd/journald.conf.d/limit.conf
if [ ! -d "/var/log/journal/$(cat /etc/machine-id)" ]; then
	act journalctl --flush
fi
