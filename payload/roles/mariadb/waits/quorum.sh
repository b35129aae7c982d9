#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# All hosts of the role are there and hold the same. A node that itself waits
# for others has been reported as pending before.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

decision=$(decision)
case $decision in
"refuse: "*) die "${decision#refuse: }" ;;
"wait: "*) exit 0 ;;
esac
missing=
for address in $(other_addresses); do
	state=$(node_state "$address")
	case $state in
	denied) die "$(peer_name "$address") has another mariadb.env: give all hosts the same" ;;
	'') missing="$missing $(peer_name "$address") ($address)" ;;
	esac
done
[ -z "$missing" ] || not_yet "no MariaDB answers at:$missing"
whole || exit 75
