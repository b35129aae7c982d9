# shellcheck shell=dash
# systemd units of a role.

unit_exists() {
	[ "$(systemctl show --property LoadState --value "$1")" = loaded ]
}

# unit_gives_up NAME: true when it was restarted more than once already and is
# between two tries again.
unit_gives_up() {
	local name restarts
	name=$1

	[ "$(systemctl show --property SubState --value "$name")" = auto-restart ] || return 1
	restarts=$(systemctl show --property NRestarts --value "$name")
	[ "$restarts" -gt 1 ]
}

# The last words of a unit, for a message.
unit_last_words() {
	journalctl --unit "$1" --lines "${2:-5}" --no-pager --output cat 2>/dev/null
}

# unit_remove NAME: stopped, disabled and gone.
unit_remove() {
	local name
	name=$1

	if unit_exists "$name"; then
		act systemctl disable --now "$name"
		systemctl reset-failed "$name" 2>/dev/null || true # it had not failed
	fi
	[ -e "/etc/systemd/system/$name" ] || return 0
	act rm -f "/etc/systemd/system/$name"
	act systemctl daemon-reload
}
