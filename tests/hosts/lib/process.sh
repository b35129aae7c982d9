# shellcheck shell=dash
# Processes are known by a file "PID START BOOT": a number alone may belong to
# somebody else by the time it is used.

process_start() {
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
	# The name, in brackets, may contain anything.
	# shellcheck disable=SC2086
	set -- ${stat##*) }
	[ "$1" != Z ] || return 1
	shift 19
	printf '%s\n' "$1"
}

process_record() {
	local file pid start boot
	file=$1 pid=$2
	start=$(process_start "$pid") || return 1
	read -r boot </proc/sys/kernel/random/boot_id
	printf '%s %s %s\n' "$pid" "$start" "$boot" >"$file.$$"
	mv "$file.$$" "$file"
}

# process_record_self FILE: also right in a subshell, where $$ is the parent.
process_record_self() {
	local pid
	read -r pid _ </proc/self/stat
	process_record "$1" "$pid"
}

# process_alive FILE: prints the process id if that very process still runs.
process_alive() {
	local pid start boot now
	[ -s "$1" ] || return 1
	read -r pid start boot <"$1"
	read -r now </proc/sys/kernel/random/boot_id
	[ "$boot" = "$now" ] || return 1
	[ "$(process_start "$pid")" = "$start" ] || return 1
	printf '%s\n' "$pid"
}

process_gone() {
	! process_alive "$1" >/dev/null
}

process_signal() {
	local pid
	pid=$(process_alive "$2") || return 0
	# It may end between the look and the signal.
	kill -s "$1" "$pid" 2>/dev/null || true
}

# process_end FILE: ends it and forgets it.
process_end() {
	process_signal TERM "$1"
	wait_until 10 process_gone "$1" || process_signal KILL "$1"
	wait_until 10 process_gone "$1" || die "process $(cat "$1") does not end"
	rm -f "$1"
}
