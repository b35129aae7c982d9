# shellcheck shell=dash
# How scripts speak and end. A `wait` script looks once: 0 is there, 75 is not
# yet, anything else is a failure that waiting does not mend.

say() {
	printf '%s\n' "$*" >&2
}

warn() {
	say "warning: $*"
}

die() {
	say "$*"
	exit 1
}

# not_yet WORDS: what is missing, for whoever waits.
not_yet() {
	say "$*"
	exit 75
}

# found WORDS: the result of a check.
found() {
	printf '%s\n' "$*"
}

# act COMMAND..: every change to the system goes through here, so the log is
# the list of what was done.
act() {
	say "+ $*"
	"$@"
}

# poll SECONDS COMMAND..: until it is true, looking once a second. False when
# the time is up.
poll() {
	local end
	end=$(($(date +%s) + $1))
	shift

	while ! "$@"; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 1
	done
}
