#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Settings that have changed, to the running cluster: Patroni reads its own file
# again, and is told what all members share. Neither interrupts anybody; what
# only a restart can change is shown by the check of the settings.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

# The lines between the first and the last one are what Patroni's interface takes.
share() {
	local answer leader
	leader=$1

	answer=$({ sed '1d;$d' "$PATRONI_BASE/config/shared.yml" && echo; } | inside api PATCH "$leader" /config)
	case $answer in
	*'
200') ;;
	*) die "$(peer_name "$leader") does not take the shared settings: $answer" ;;
	esac
}

main() {
	local leader

	act "$DOCKER" kill --signal HUP patroni >/dev/null
	leader=$(leader_of "$(members)")
	# A cluster to come begins with what stands in the file.
	[ -z "$leader" ] || share "$leader"
}

main
