#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The names of all hosts, in a block of /etc/hosts: a host with no way out has no
# name server to ask. Everything outside of the block stays as it is, but for the
# installer's 127.0.1.1: clusters have to see the address that others reach.
# shellcheck source=../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

BEGIN='# BEGIN KeyBuzz: written by the installer'
END='# END KeyBuzz'

# merged: /etc/hosts with today's block at its end.
merged() {
	awk -v begin="$BEGIN" -v end="$END" -v self="$KEYBUZZ_HOST" '
		$0 == begin { inside = 1; next }
		$0 == end && inside { inside = 0; next }
		inside { next }
		$1 == "127.0.1.1" {
			for (i = 2; i <= NF && $i !~ /^#/; i++)
				if ($i == self || index($i, self ".") == 1) {
					print "# KeyBuzz: " $0
					next
				}
		}
		{ print }
		END { exit inside }' /etc/hosts || die "/etc/hosts has '$BEGIN' without '$END': put the end back"
	printf '%s\n' "$BEGIN"
	cat "$BASE/hosts"
	printf '%s\n' "$END"
}

# strangers: lines of others that give one of our names another address. The
# first line wins, so ours is not heard.
strangers() {
	awk -v begin="$BEGIN" '
		FILENAME == ARGV[1] { for (i = 2; i <= NF; i++) address[$i] = $1; next }
		$0 == begin { exit }
		/^[[:space:]]*#/ { next }
		{
			for (i = 2; i <= NF && $i !~ /^#/; i++)
				if ($i in address && address[$i] != $1)
					print $i " is " $1 ", not " address[$i]
		}' "$BASE/hosts" "$WORK/hosts"
}

# cloud-init would write the file anew at every start.
keep_cloud_init_off() {
	[ -d /etc/cloud/cloud.cfg.d ] || return 0
	printf 'manage_etc_hosts: false\npreserve_hostname: true\n' >"$WORK/cloud"
	install_file "$WORK/cloud" /etc/cloud/cloud.cfg.d/99-keybuzz.cfg || true # it is there
}

main() {
	scratch
	[ -e /etc/hosts ] || printf '127.0.0.1 localhost\n' >/etc/hosts
	merged >"$WORK/hosts"
	keep_first /etc/hosts
	install_file "$WORK/hosts" /etc/hosts || true # it is as it should be
	strangers >"$WORK/strangers"
	if [ -s "$WORK/strangers" ]; then
		warn "/etc/hosts, before our block: $(paste -sd ';' "$WORK/strangers")"
	fi
	keep_cloud_init_off
}

main
