#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The node runs with the settings that the installer has written, and is allowed
# the files it needs.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../rabbitmq.sh
. "$KEYBUZZ_PAYLOAD/roles/rabbitmq/rabbitmq.sh"

sha256sum --check --status "$RABBITMQ_BASE/state/started-with" ||
	die "the broker runs with older settings: systemctl restart $RABBITMQ_UNIT"
systemctl is-enabled --quiet "$RABBITMQ_UNIT" || die "$RABBITMQ_UNIT does not start at boot"
pid=$("$DOCKER" container inspect --format '{{.State.Pid}}' rabbitmq)
read -r soft hard <<LIMITS
$(sed -n 's/^Max open files *//p' "/proc/$pid/limits")
LIMITS
[ "$soft" -ge 65536 ] || [ "$soft" = "${hard%% *}" ] || die "only $soft open files are allowed"
found "as installed, $soft open files"
