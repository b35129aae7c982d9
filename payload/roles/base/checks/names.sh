#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host of the site has its address by its name, without a name server; this
# one is not 127.0.1.1 to itself.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../base.sh
. "$KEYBUZZ_PAYLOAD/roles/base/base.sh"

address_of() {
	getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }'
}

# All at once; one by one only to say which. For IPv4 only: whoever asks for both
# asks the name server, too.
wanted=$(awk '{ for (i = 2; i <= NF; i++) print $1 }' "$BASE/hosts")
names=$(awk '{ for (i = 2; i <= NF; i++) print $i }' "$BASE/hosts")
answers=$(printf '%s\n' "$names" | xargs getent ahostsv4 | awk '$2 == "STREAM" { print $1 }') || true # one is missing
if [ "$answers" != "$wanted" ]; then
	while read -r address names; do
		for name in $names; do
			answer=$(address_of "$name")
			[ "$answer" = "$address" ] || die "$name is '$answer', not $address"
		done
	done <"$BASE/hosts"
fi
grep '^hosts:' /etc/nsswitch.conf | awk '{ exit !($2 == "files") }' || die "/etc/nsswitch.conf does not ask /etc/hosts first"
name=$(hostname)
[ "$name" = "$KEYBUZZ_HOST" ] || warn "this host calls itself $name, the inventory $KEYBUZZ_HOST"
found "$(wc -l <"$BASE/hosts") lines of names, $KEYBUZZ_HOST is $KEYBUZZ_ADDRESS"
