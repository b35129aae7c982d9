# shellcheck shell=dash
# Data volumes, as the step kind `volume` leaves them: a block of ours in
# /etc/fstab, and an XFS that carries the label of its role.

# volume_release MOUNTPOINT: unmounted, and not mounted at the next boot either,
# if it was us who saw to that. Its file system stays, with its label: the next
# install takes it again.
volume_release() {
	local new target
	target=$1

	grep -qxF "# BEGIN keybuzz $target" /etc/fstab 2>/dev/null || return 0
	if mountpoint -q "$target"; then
		act umount "$target"
	fi
	say "+ take $target out of /etc/fstab"
	new=$(mktemp /etc/fstab.XXXXXX)
	awk -v begin="# BEGIN keybuzz $target" -v end="# END keybuzz $target" '
		$0 == begin { inside = 1 }
		!inside { print }
		$0 == end { inside = 0 }' /etc/fstab >"$new"
	chmod 0644 "$new"
	sync "$new"
	mv "$new" /etc/fstab
	act systemctl daemon-reload
}

# volume_of FOLDER: "DEVICE TYPE MOUNTPOINT FREE", of the file system it is on.
volume_of() {
	df --output=source,fstype,target,avail --human-readable "$1" | awk 'NR == 2 { print $1, $2, $3, $4 }'
}
