# shellcheck shell=dash
# The hosts and images of this role, from the files of KEYBUZZ_CONTEXT.

# All addresses of the role's hosts in inventory order, own one included.
peer_addresses() {
	awk '{ print $2 }' "$KEYBUZZ_CONTEXT/peers"
}

other_addresses() {
	awk -v self="$KEYBUZZ_ADDRESS" '$2 != self { print $2 }' "$KEYBUZZ_CONTEXT/peers"
}

peer_count() {
	awk 'END { print NR }' "$KEYBUZZ_CONTEXT/peers"
}

# peer_name ADDRESS: the host's name, or the address if it is none of ours.
peer_name() {
	awk -v address="$1" '
		$2 == address { name = $1 }
		END { print name == "" ? address : name }' "$KEYBUZZ_CONTEXT/peers"
}

# image_id NAME: as the engine knows it.
image_id() {
	awk -v name="$1" '$1 == name { print $2 }' "$KEYBUZZ_CONTEXT/images"
}
