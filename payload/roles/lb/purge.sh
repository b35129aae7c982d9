#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Everything of this role on this host goes; it keeps no data. Credentials stay.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=lb.sh
. "$KEYBUZZ_PAYLOAD/roles/lb/lb.sh"

main() {
	local unit image folder

	# Units first: one that is up would bring its container back.
	for unit in $LB_UNITS; do
		unit_remove "$unit"
	done
	remove_containers_of lb
	awk '{ print $2 }' "$KEYBUZZ_CONTEXT/images" | while read -r image; do
		image_remove "$image"
	done
	for folder in $LB_FOLDERS; do
		[ ! -d "$folder" ] || act rm -rf --one-file-system "$folder"
	done
	[ -z "$(containers_of lb)" ] || die "containers of this role are left"
}

main
