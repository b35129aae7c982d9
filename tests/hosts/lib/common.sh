# shellcheck shell=dash
# Words, names, waiting, locks: what all the other files use.

say() {
	printf 'fleet: %s\n' "$*" >&2
}

die() {
	printf 'fleet: error: %s\n' "$*" >&2
	exit 1
}

bad_usage() {
	printf 'fleet: error: %s\n' "$*" >&2
	usage >&2
	exit 2
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing: run 'make deps'"
	done
}

# value OPTION VALUE ..: the value of an option, which must be there.
value() {
	[ $# -ge 2 ] || bad_usage "$1 needs a value"
	printf '%s\n' "$2"
}

check_name() {
	case $1 in
	'' | -* | *[!a-z0-9-]*) die "name '$1': only a-z, 0-9 and '-'" ;;
	esac
	[ ${#1} -le "$2" ] || die "name '$1': at most $2 characters"
}

# Folders become options of mount and of systemd-nspawn, which cut at ':' and ','.
check_folder() {
	case $1 in
	/*) ;;
	*) die "folder '$1': not an absolute path" ;;
	esac
	case $1 in
	*[!A-Za-z0-9/._-]*) die "folder '$1': only A-Z, a-z, 0-9 and '/._-'" ;;
	esac
}

seconds() {
	local up
	read -r up _ </proc/uptime
	printf '%s\n' "${up%.*}"
}

# wait_until SECONDS CMD..: true as soon as CMD is; false after SECONDS.
wait_until() {
	local end
	end=$(($(seconds) + $1))
	shift
	until "$@"; do
		[ "$(seconds)" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# One command at a time changes a fleet. Descriptor 9 is the lock; whatever
# outlives this command is started with 9>&-.
fleet_lock() {
	mkdir -p "$STATE/lock"
	chmod 0700 "$STATE"
	exec 9>"$STATE/lock/$1"
	flock -w 600 9 || die "fleet '$1' is in use by another command for 10 minutes"
}

# fleet_given FLEET ..: the name, if there is such a fleet.
fleet_given() {
	[ $# -gt 0 ] || bad_usage "which fleet?"
	check_name "$1" 20
	[ -d "$STATE/fleets/$1" ] || die "no fleet '$1' in $STATE; 'fleet create $1 ..' makes it"
	printf '%s\n' "$1"
}

fleet_hosts() {
	[ ! -d "$STATE/fleets/$1/hosts" ] || ls "$STATE/fleets/$1/hosts"
}

# Fleets of two state folders may have one name, and the machine has only one
# list of network namespaces and one of machines.
fleet_id() {
	printf '%s-%s\n' "$1" "$(printf %s "$STATE" | sha256sum | cut -c1-4)"
}
