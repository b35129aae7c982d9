#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The resolver: no flag that stops its owner, no name server on the Internet unless
# the site has named it.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

if [ -f /etc/resolv.conf ] && [ ! -L /etc/resolv.conf ]; then
	case $(lsattr -d /etc/resolv.conf 2>/dev/null | cut -d ' ' -f 1) in
	*i*) die "/etc/resolv.conf is immutable: chattr -i /etc/resolv.conf" ;;
	esac
fi
allowed=$(setting resolvers)
servers=
[ -e /etc/resolv.conf ] || {
	found "no name servers"
	exit 0
}
while read -r word server _; do
	[ "$word" = nameserver ] || continue
	servers="$servers $server"
	case " $allowed " in
	*" $server "*) continue ;;
	esac
	case $server in
	127.* | ::1 | 10.* | 192.168.* | 172.1[6-9].* | 172.2[0-9].* | 172.3[01].* | fd* | fc* | fe80:*) ;;
	*) die "/etc/resolv.conf asks $server, which is not of this site: whoever looks up an unknown name waits for it" ;;
	esac
done </etc/resolv.conf
found "name servers:${servers:- none}"
