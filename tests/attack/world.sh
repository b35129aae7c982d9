# shellcheck shell=dash disable=SC2034 # names for the scripts that source it
# Shared by the attacks on a host made of a folder. Sourced from the root of the
# project, inside tests/attack/host, which names the host's root WORLD.

[ -n "${WORLD:-}" ] || {
	echo 'run this by make: tests/attack/host makes the host it needs' >&2
	exit 1
}
# shellcheck source=tests/roles/lib.sh
. tests/roles/lib.sh

# HOST is build/attack/host; what else was built stands beside it
ODD=${HOST%/*}/odd
FIRST=/bundles/release-1.run
SECOND=/bundles/release-2.run
MINI=$WORLD/opt/keybuzz/mini
STATE=$WORLD/var/lib/keybuzz
LOGS=$WORLD/opt/keybuzz-installer/logs
deed=$WORLD/etc/deed # what the step called deed does, in at most 4 seconds
slow=$WORLD/etc/slow # and what the one called slow does
online=$WORLD/etc/online # what the one called online does, with the host's network

# tools NAME..: programs of this machine that steps may call in the host.
tools() {
	local tool
	for tool; do
		cp -L "$(command -v "$tool")" "$WORLD/usr/bin/" || return 1
	done
}

# in_world COMMAND..: as on that host.
in_world() {
	chroot "$WORLD" "$@"
}

# run WORD..: the program, on that host.
run() {
	in_world /keybuzz-run "$@"
}

install_first() {
	run install "$FIRST" --host mini-01 "$@"
}

fresh() {
	"$HOST" --reset
}

# What can be told of the host; the deeds are the test's own.
list() {
	"$HOST" --list | grep -v -e '^/etc/deed ' -e '^/etc/slow ' -e '^/etc/online '
}

# The same but for the lock, which any run may leave, and the folder that the
# stand-in for systemctl makes when it is asked something.
list_unlocked() {
	list | grep -v -e '^/run/keybuzz' -e '^/run/systemd/manager '
}

# undisturbed: what an install ends with when nothing is in its way.
undisturbed() {
	fresh
	install_first --quiet >/dev/null || return 1
	list >"$work/wanted"
}

# is_whole: the host is as after an undisturbed install.
is_whole() {
	list >"$work/found"
	diff "$work/wanted" "$work/found"
}

# resumes: the same command, undisturbed, makes the host whole.
resumes() {
	rm -f "$deed" "$slow" "$online"
	exits 0 install_first --quiet && is_whole
}

# one_error CODE [CLASS]: the last run said so, in one line.
one_error() {
	[ "$(grep -c '^keybuzz: error ' "$work/err")" -eq 1 ] &&
		grep -q "^keybuzz: error $1 ${2:-[a-z]*}: ........." "$work/err" && return 0
	printf 'no single line of error %s %s:\n' "$1" "${2:-}"
	cat "$work/err"
	return 1
}

# refused CODE CLASS COMMAND..: ends so, says so in one line, and the host is as
# it was.
refused() {
	local code class
	code=$1
	class=$2
	shift 2
	list_unlocked >"$work/before"
	exits "$code" "$@" >"$work/out" 2>"$work/err" || {
		cat "$work/out" "$work/err"
		return 1
	}
	one_error "$code" "$class" || return 1
	list_unlocked >"$work/after"
	diff "$work/before" "$work/after"
}

# fails CODE CLASS COMMAND..: the same of what may leave its traces.
fails() {
	local code class
	code=$1
	class=$2
	shift 2
	exits "$code" "$@" >"$work/out" 2>"$work/err" || {
		cat "$work/out" "$work/err"
		return 1
	}
	one_error "$code" "$class"
}

said_err() {
	grep -qF -- "$1" "$work/err" && return 0
	printf 'does not say "%s":\n' "$1"
	cat "$work/err"
	return 1
}
