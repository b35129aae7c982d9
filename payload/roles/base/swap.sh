#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# No swap: not now, not at the next start. fstab keeps its lines as comments.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

# Third field swap; a path or a comment with that word in it is something else.
without_swap() {
	awk '!/^[[:space:]]*#/ && $3 == "swap" { print "# KeyBuzz: " $0; next } { print }' /etc/fstab
}

active_swap() {
	awk 'NR > 1 { print $1 }' /proc/swaps
}

# Partitions that systemd finds by their type, and compressed memory: nothing of
# that stands in fstab.
mask_units() {
	local unit

	for unit in $(systemctl list-units --all --plain --no-legend --type swap | awk '{ print $1 }'); do
		if [ "$(systemctl show --property LoadState --value "$unit")" != masked ]; then
			act systemctl --quiet mask "$unit"
		fi
	done
	for unit in zramswap.service systemd-zram-setup@zram0.service; do
		case $(systemctl is-enabled "$unit" 2>/dev/null) in
		enabled | generated) act systemctl --quiet mask --now "$unit" ;;
		esac
	done
}

main() {
	scratch
	if [ -e /etc/fstab ]; then
		without_swap >"$WORK/fstab"
		if ! cmp -s "$WORK/fstab" /etc/fstab; then
			keep_first /etc/fstab
			install_file "$WORK/fstab" /etc/fstab
			act systemctl daemon-reload
		fi
	fi
	[ -n "$(active_swap)" ] || return 0
	if in_container; then
		warn "a container, not a host: the machine's swap stays on"
		return 0
	fi
	mask_units
	act swapoff --all || die "swap cannot be switched off: is there memory for what is in it?"
	[ -z "$(active_swap)" ] || die "still swap: $(active_swap | paste -sd ' ')"
}

main
