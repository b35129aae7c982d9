# shellcheck shell=dash
# Shared by the tests on real hosts: counting, waiting, and the few things that
# every role's test does with a fleet. Sourced from the root of the project. The
# test sets FLEET and HOSTS.
# shellcheck disable=SC2153

F=tests/hosts/fleet
BUNDLE_KEY_DIR=${BUNDLE_KEY_DIR:-build/dev-trust}
passed=0
failed=0
work=$(mktemp -d)

say() {
	printf '%s %s\n' "$(date +%H:%M:%S)" "$*"
}

# ok TEXT COMMAND..: one test; its output is shown when it fails.
ok() {
	local text status
	text=$1
	shift
	status=0
	"$@" >"$work/output" 2>&1 || status=$?
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
		say "ok: $text"
	else
		failed=$((failed + 1))
		say "FAILED ($status): $text"
		sed 's/^/    /' "$work/output" | tail -n 40
	fi
}

# exits CODE COMMAND..: must end with exactly that status.
exits() {
	local wanted status
	wanted=$1
	shift
	status=0
	"$@" || status=$?
	[ "$status" -eq "$wanted" ] && return 0
	printf 'exit %s, wanted %s: %s\n' "$status" "$wanted" "$*"
	return 1
}

# within SECONDS COMMAND..: until it succeeds.
within() {
	local end
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		sleep 0.3
	done
}

# cut_once FLEET HOST PID CONDITION..: the host loses power as soon as CONDITION
# holds, while PID, an install there, is at work; then it boots again. A delay
# would be too long on one machine and too short on another.
cut_once() {
	local fleet host pid
	fleet=$1 host=$2 pid=$3
	shift 3
	within 120 "$@" || {
		wait "$pid"
		return 1
	}
	"$F" power-cut "$fleet" "$host" || return 1
	wait "$pid" && {
		echo 'the install was over before the power cut'
		return 1
	}
	"$F" boot "$fleet" "$host"
}

# at_once NAME HOSTS COMMAND..: COMMAND HOST for each of them in this order, without
# waiting for the one before. What each one says is in $work/NAME-HOST; of those
# that fail it is shown, without the checks that were good.
at_once() {
	local host hosts jobs job name status
	name=$1 hosts=$2
	shift 2
	jobs=''
	status=0
	for host in $hosts; do
		"$@" "$host" >"$work/$name-$host" 2>&1 </dev/null &
		jobs="$jobs $host:$!"
	done
	for job in $jobs; do
		wait "${job#*:}" && continue
		status=1
		printf '%s:\n' "${job%%:*}"
		grep -v ': ok: ' "$work/$name-${job%%:*}" | tail -n 15
	done
	return "$status"
}

# install_on HOST, check_on HOST: by the `run` of each test.
install_on() {
	run "$1" install
}

check_on() {
	run "$1" check
}

# install_together HOST..: as an impatient operator does.
install_together() {
	at_once install "$*" install_on
}

# everyone_checks [SECONDS]: all HOSTS are whole; after a fault they need that long.
everyone_checks() {
	at_once check "$HOSTS" within "${1:-0}" check_on
}

# refused CODE WORDS HOST COMMAND..: an install there ends so, with these words,
# and nothing is changed.
refused() {
	local before code host words
	code=$1 words=$2 host=$3
	shift 3
	before=$(tree "$FLEET" "$host")
	if exits "$code" "$@" >"$work/refused" 2>&1 &&
		grep -q -e "$words" "$work/refused" && same "$before" "$(tree "$FLEET" "$host")"; then
		return 0
	fi
	tail -n 5 "$work/refused"
	return 1
}

# refused_without FILE HOST COMMAND..: of the credentials.
refused_without() {
	local credentials file host status
	file=$1 host=$2
	shift 2
	credentials=/opt/keybuzz-installer/credentials/$file
	"$F" ssh "$FLEET" "$host" "mv $credentials /root/saved" || return 1
	refused 50 "$file" "$host" "$@"
	status=$?
	"$F" ssh "$FLEET" "$host" "mv /root/saved $credentials" && return "$status"
}

# refused_with_port_taken PORT HOST COMMAND..: by somebody else.
refused_with_port_taken() {
	local host port status
	port=$1 host=$2
	shift 2
	"$F" ssh "$FLEET" "$host" "systemd-run --unit taken --quiet systemd-socket-activate \
		--listen $port /bin/true" && within 10 "$F" ssh "$FLEET" "$host" \
		"systemctl --quiet is-active taken && grep -q ':$(printf %04X "$port") .* 0A ' /proc/net/tcp6" || return 1
	refused 51 "port $port is in use" "$host" "$@"
	status=$?
	"$F" ssh "$FLEET" "$host" 'systemctl stop taken' && return "$status"
}

# silent [FLEET]: no packet tried to leave.
silent() {
	local n
	n=$("$F" recorder "${1:-$FLEET}" count) || return 1
	[ "$n" -eq 0 ] && return 0
	"$F" recorder "${1:-$FLEET}" show
	return 1
}

# said ID FILE: an install whose output is in FILE has come to the step ID.
said() {
	grep -q " $1: " "$2"
}

# stand_in_for_udev FLEET HOST: there is none on test hosts, and the system mounts
# volumes by its links at boot; without them it unmounts at once what is mounted
# by hand.
stand_in_for_udev() {
	"$F" ssh "$1" "$2" 'cat >/etc/systemd/system/stand-in-for-udev.service' <<-'END' &&
		[Unit]
		Before=ssh.service
		[Service]
		Type=oneshot
		ExecStart=/bin/sh -c 'mkdir -p /dev/disk/by-uuid; for d in /dev/sd?; do \
			ln -sf $d /dev/disk/by-uuid/$(blkid -p -o value -s UUID $d); done; mount -a'
		[Install]
		WantedBy=multi-user.target
	END
		"$F" ssh "$1" "$2" 'systemctl enable --quiet stand-in-for-udev'
}

# others_than HOST: all of HOSTS but that one.
others_than() {
	printf '%s\n' "$HOSTS" | tr ' ' '\n' | grep -vxF -e "$1"
}

address_of() { # HOST
	awk -F '\t' -v name="$1" '$3 == name { print $4 }' manifests/servers.tsv
}

same() {
	[ "$1" = "$2" ] && return 0
	printf 'differs:\n%s\n---\n%s\n' "$1" "$2"
	return 1
}

# answers TEXT COMMAND..: that, and nothing else.
answers() {
	local wanted
	wanted=$1
	shift
	same "$wanted" "$("$@" 2>&1)"
}

finish() {
	rm -rf "$work"
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ]
}

# prepare FLEET HOST: our anchor and the host's credentials, nothing else.
prepare() {
	local given
	given=$work/credentials/hosts/$2
	[ -d "$given" ] || given=$work/credentials
	"$F" ssh "$1" "$2" 'install -d -m 0755 /etc/keybuzz/trust &&
		install -d -m 0700 /opt/keybuzz-installer/credentials' &&
		"$F" scp "$1" "$BUNDLE_KEY_DIR"/*.pub "$2:/etc/keybuzz/trust/" &&
		"$F" scp "$1" "$given"/*.env "$2:/opt/keybuzz-installer/credentials/" &&
		"$F" ssh "$1" "$2" 'chmod 0644 /etc/keybuzz/trust/*.pub &&
			chmod 0600 /opt/keybuzz-installer/credentials/*.env'
}

# make_credentials BUNDLE..: as on the orchestrator, and what each host is given.
make_credentials() {
	local bundle
	for bundle; do
		build/keybuzz-run credentials "$bundle" --trust-dir "$BUNDLE_KEY_DIR" \
			--credentials "$work/credentials" >"$work/made" || exit 1
	done
}

# credentials MODULE VARIABLE..: of a site of our own, the same for all its hosts.
credentials() {
	local module variable
	module=$1
	shift
	mkdir -p "$work/credentials"
	for variable; do
		printf '%s=%s\n' "$variable" "$(openssl rand -hex 16)"
	done >"$work/credentials/$module.env"
}

# tree FLEET HOST [PATTERN]: digest of everything on the host that is not the
# system's own business: contents, owners, modes, times, and what the engine
# holds. Lines that match PATTERN are what the role itself writes all the time.
tree() {
	# shellcheck disable=SC2016
	"$F" exec "$1" "$2" sh -c '
	{
		find /etc /opt /root /usr/local /var/lib/keybuzz /srv /home \
			-printf "%p %y %m %U %G %s %T@ %l\n" 2>/dev/null
		find /etc /opt /var/lib/keybuzz -type f -exec sha256sum {} + 2>/dev/null
		ls -d /run/keybuzz/* 2>/dev/null | grep -v "/lock$"
		docker images -q --no-trunc 2>/dev/null
		docker ps -aq --no-trunc 2>/dev/null
	} | grep -Ev -e "$1" | sort | sha256sum' sh "${3:-^$}"
}
