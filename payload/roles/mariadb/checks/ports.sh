#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# Every host listens for clients and for the other nodes; state transfers only
# while one is going on.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../mariadb.sh
. "$KEYBUZZ_PAYLOAD/roles/mariadb/mariadb.sh"

for address in $(peer_addresses); do
	inside port "$address" 4567 || die "$(peer_name "$address"): nothing listens on 4567"
	said=$(remote_sql monitor "$address" "SHOW GLOBAL STATUS LIKE 'wsrep_incoming_addresses'" | cut -f 2)
	for other in $(peer_addresses); do
		case ,$said, in
		*,"$other":3306,*) ;;
		*) die "$(peer_name "$address") does not list $other: $said" ;;
		esac
	done
done
found "3306 and 4567 answer on $(peer_count) hosts, which list each other"
