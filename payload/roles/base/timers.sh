#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nothing here downloads or upgrades by itself.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

for unit in apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service; do
	unit_exists "$unit" || continue
	case $(systemctl is-enabled "$unit" 2>/dev/null) in
	enabled*) act systemctl --quiet disable --now "$unit" ;;
	*)
		if systemctl --quiet is-active "$unit"; then
			act systemctl stop "$unit"
		fi
		;;
	esac
done
