#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# sshd: keys only. Before passwords are refused, everybody who is connected has to
# have a key; before sshd reads the settings, it has to accept them; what it then
# does is compared with what was meant. Sessions stay open throughout.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

CONFIG=/etc/ssh/sshd_config.d/00-keybuzz.conf

# accounts: of the sessions that are open, and of whoever started this.
accounts() {
	local process uid words

	for process in /proc/[0-9]*; do
		case $(readlink "$process/exe" 2>/dev/null) in
		*/sshd | */sshd-session) ;;
		*) continue ;;
		esac
		words=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue # it has ended
		case $words in
		sshd*': '*@*)
			words=${words#*: }
			printf '%s\n' "${words%%@*}"
			;;
		esac
	done
	read -r uid 2>/dev/null </proc/self/loginuid || return 0
	if [ "$uid" != 4294967295 ]; then
		getent passwd "$uid" | cut -d : -f 1
	fi
}

# closed PATH USER: only its owner can write there, so sshd trusts it.
closed() {
	local mode owner
	mode=$(stat -L -c %a "$1") || return 1
	owner=$(stat -L -c %U "$1")

	[ "$owner" = root ] || [ "$owner" = "$2" ] || return 1
	[ $((0$mode & 022)) -eq 0 ]
}

# has_key USER: at least one that sshd would take.
has_key() {
	local user home file
	user=$1
	home=$(getent passwd "$user" | cut -d : -f 6)

	[ -n "$home" ] || return 1
	for file in $(sshd -T -C "user=$user,host=localhost,addr=127.0.0.1" 2>/dev/null |
		awk '$1 == "authorizedkeysfile" { $1 = ""; print }'); do
		file=$(printf '%s\n' "$file" | sed "s|%h|$home|g; s|%u|$user|g")
		case $file in
		/*) ;;
		*) file=$home/$file ;;
		esac
		if [ -f "$file" ] && closed "$file" "$user" && closed "${file%/*}" "$user" &&
			closed "$home" "$user" && ssh-keygen -l -f "$file" >/dev/null 2>&1; then
			return 0
		fi
	done
	return 1
}

# Root and whoever may become root.
administrators() {
	printf 'root\n'
	getent group sudo | cut -d : -f 4 | tr , '\n'
}

check_lockout() {
	local user way_in

	[ "$(setting ssh-allow-lockout)" != true ] || return 0
	for user in $(accounts | sort -u); do
		has_key "$user" || die "$user is connected and has no key in authorized_keys that sshd would take: without a password there would be no way back in. Give $user a key first"
	done
	way_in=
	for user in $(administrators); do
		if has_key "$user"; then
			way_in=$user
		fi
	done
	[ -n "$way_in" ] || die "neither root nor anybody of the group sudo has a key: without a password nobody could come in. Give root a key first"
}

# accepted: sshd reads a copy of its files with ours among them.
accepted() {
	mkdir "$WORK/sshd_config.d"
	cp /etc/ssh/sshd_config.d/*.conf "$WORK/sshd_config.d/" 2>/dev/null || true # there may be none
	cp "$BASE/sshd.conf" "$WORK/sshd_config.d/00-keybuzz.conf"
	sed "s|/etc/ssh/sshd_config\\.d/|$WORK/sshd_config.d/|" /etc/ssh/sshd_config >"$WORK/sshd_config"
	grep -Eiq "^[[:space:]]*Include[[:space:]].*$WORK/sshd_config\\.d/\\*\\.conf" "$WORK/sshd_config" ||
		die "/etc/ssh/sshd_config does not include its folder: make its first line 'Include /etc/ssh/sshd_config.d/*.conf'"
	sshd -t -f "$WORK/sshd_config" 2>"$WORK/words" || die "sshd refuses the settings: $(tail -n 1 "$WORK/words")"
}

put_back() {
	[ -n "$replaced" ] || return 0
	if [ -e "$WORK/before" ]; then
		act mv "$WORK/before" "$CONFIG"
	else
		act rm -f "$CONFIG"
	fi
}

# Where the files say something else before ours is read.
differences() {
	sshd -T >"$WORK/effective" 2>/dev/null || printf 'sshd -T fails\n'
	awk '
		function canonical(word) {
			word = tolower(word)
			return word == "prohibit-password" ? "without-password" : word
		}
		FILENAME == ARGV[1] { value[$1] = canonical($2); next }
		/^#/ || NF == 0 { next }
		{
			name = tolower($1)
			if (value[name] != canonical($2))
				print $1 " is " value[name] ", not " $2
		}' "$WORK/effective" "$BASE/sshd.conf"
}

main() {
	local wrong replaced

	scratch
	# Without a running sshd nobody has made this.
	[ -d /run/sshd ] || act mkdir -m 0755 /run/sshd
	replaced=
	if ! cmp -s "$BASE/sshd.conf" "$CONFIG"; then
		check_lockout
		accepted
		[ ! -e "$CONFIG" ] || cp -p "$CONFIG" "$WORK/before"
		install_file "$BASE/sshd.conf" "$CONFIG"
		replaced=yes
	fi
	wrong=$(sshd -t 2>&1 && differences | paste -sd ';') || true # judged by its words
	if [ -n "$wrong" ]; then
		put_back
		die "sshd with $CONFIG: $wrong"
	fi
	if systemctl --quiet is-active ssh.service && ! loaded ssh.service "$CONFIG"; then
		act systemctl reload ssh.service || die "sshd does not reload: $(unit_last_words ssh.service)"
		note_loaded ssh.service "$CONFIG"
	fi
}

main
