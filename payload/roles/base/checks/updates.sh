#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Nothing updates by itself.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

for unit in apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service; do
	unit_exists "$unit" || continue
	case $(systemctl is-enabled "$unit" 2>/dev/null) in
	enabled*) die "$unit is enabled" ;;
	esac
	! systemctl --quiet is-active "$unit" || die "$unit is active"
done
enabled=$(apt-config dump APT::Periodic::Enable | sed 's/.*"\(.*\)".*/\1/')
[ "$enabled" = 0 ] || die "APT::Periodic::Enable is '$enabled'"
found "no timer, no unattended upgrade"
