# shellcheck shell=dash
# What the scripts of this role share: its facts, and how files of the system
# are changed. Several programs write those; ours is only what is marked.

BASE=/opt/keybuzz/base
BASE_HOSTS=/opt/keybuzz-installer/inventory/hosts.tsv

# setting NAME: one of templates/settings, which may have several words.
setting() {
	awk -v name="$1" '$1 == name { sub(/^[^ ]+ ?/, ""); print }' "$BASE/settings"
}

# addresses_of SELECTOR: of the hosts that ROLE, ROLE/SUBROLE,
# ROLE/SUBROLE/STACK or "all" names.
addresses_of() {
	awk -F '\t' -v s="$1" '
		s == "all" || s == $3 || s == $3 "/" $4 || s == $3 "/" $4 "/" $5 { print $2 }' "$BASE_HOSTS"
}

host_is() {
	addresses_of "$1" | grep -qxF -e "$KEYBUZZ_ADDRESS"
}

in_container() {
	systemd-detect-virt --quiet --container
}

# refused WORDS: what the kernel did not do. In a container that is to be
# expected, and said; on a host it ends the script.
refused() {
	in_container || die "$*"
	warn "a container, not a host: $*"
}

# A folder for one script's own files.
scratch() {
	WORK=$(mktemp -d)
	trap 'rm -rf "$WORK"' EXIT
}

# keep_first PATH: a copy of what was there before us, made once; also that there
# was nothing is kept.
keep_first() {
	local copy
	copy=$BASE/before$1

	if [ -e "$copy" ] || [ -e "$copy.none" ]; then
		return 0
	fi
	mkdir -p "${copy%/*}"
	if [ -e "$1" ]; then
		cp -p "$1" "$copy.new"
		mv "$copy.new" "$copy"
	else
		: >"$copy.none"
	fi
}

# install_file NEW PATH [MODE]: true when PATH had to be changed.
install_file() {
	local new path mode temp
	new=$1 path=$2 mode=${3:-644}

	if cmp -s "$new" "$path" && [ "$(stat -c %a "$path")" = "$mode" ]; then
		return 1
	fi
	mkdir -p "${path%/*}" || die "$path: its folder cannot be made"
	temp=$(mktemp "$path.XXXXXX") || die "$path cannot be written"
	if ! { cat "$new" >"$temp" && chmod "$mode" "$temp" && sync "$temp"; }; then
		rm -f "$temp"
		die "$path cannot be written"
	fi
	say "+ write $path"
	mv -f "$temp" "$path" 2>/dev/null && return 0
	# A file that is mounted cannot be replaced, only written into.
	if ! cat "$temp" >"$path"; then
		rm -f "$temp"
		die "$path cannot be replaced"
	fi
	rm -f "$temp"
}

# loaded UNIT FILE..: true when the unit was last brought up with these files as
# they are now.
loaded() {
	local unit
	unit=$1
	shift

	[ "$(digest_of "$@")" = "$(cat "$BASE/state/$unit" 2>/dev/null)" ]
}

# note_loaded UNIT FILE..: from now on it is.
note_loaded() {
	local unit
	unit=$1
	shift

	digest_of "$@" >"$BASE/state/$unit.new"
	mv "$BASE/state/$unit.new" "$BASE/state/$unit"
}

digest_of() {
	cat -- "$@" 2>/dev/null | sha256sum | cut -d ' ' -f 1
}

# enable_unit UNIT: at the next start of the host, too.
enable_unit() {
	case $(systemctl is-enabled "$1" 2>/dev/null) in
	enabled | enabled-runtime | alias | static | indirect | generated) ;;
	*) act systemctl --quiet enable "$1" ;;
	esac
}

# follow UNIT HOW FILE..: enabled, up, and running with these files; HOW is what
# systemctl does when they have changed. Systemd's own files count.
follow() {
	local unit how
	unit=$1 how=$2
	shift 2

	if [ "$(systemctl show --property NeedDaemonReload --value "$unit")" = yes ]; then
		act systemctl daemon-reload
	fi
	enable_unit "$unit"
	if ! systemctl --quiet is-active "$unit"; then
		systemctl reset-failed "$unit" 2>/dev/null || true # it had not failed
		act systemctl start "$unit" || die "$unit does not start: $(unit_last_words "$unit")"
	elif ! loaded "$unit" "$@"; then
		act systemctl "$how" "$unit" || die "$unit does not $how: $(unit_last_words "$unit")"
	else
		return 0
	fi
	note_loaded "$unit" "$@"
}
