#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# What protects the data, and what members must share, is as it was installed.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../postgres.sh
. "$KEYBUZZ_PAYLOAD/roles/postgres/postgres.sh"

wanted() {
	sed -n "s/.*\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$PATRONI_BASE/config/shared.yml"
}

expect() {
	local address answer name value
	address=$1 name=$2 value=$3

	answer=$(printf '%s\n' "$settings" | sed -n "s/^$name|//p")
	[ "$answer" = "$value" ] || die "$(peer_name "$address"): $name is '$answer', not '$value'"
}

for address in $(peer_addresses); do
	settings=$(sql admin postgres "SELECT name, current_setting(name) FROM pg_settings WHERE name IN
		('data_checksums', 'server_encoding', 'password_encryption', 'max_connections', 'wal_level',
		'max_slot_wal_keep_size', 'listen_addresses', 'fsync', 'full_page_writes',
		'server_version_num');" "$address") || die "$(peer_name "$address") does not answer"
	expect "$address" data_checksums on
	expect "$address" fsync on
	expect "$address" full_page_writes on
	expect "$address" server_encoding UTF8
	expect "$address" password_encryption scram-sha-256
	expect "$address" wal_level replica
	expect "$address" max_connections "$(wanted max_connections)"
	expect "$address" max_slot_wal_keep_size "$(wanted max_slot_wal_keep_size)"
	expect "$address" listen_addresses "$address,127.0.0.1"
	version=$(printf '%s\n' "$settings" | sed -n 's/^server_version_num|//p')
	[ "$version" = "${first:=$version}" ] || die "$(peer_name "$address") runs $version, not $first"
	waiting=$(inside api GET "$address" /patroni nobody </dev/null | grep -c '"pending_restart": true') ||
		true # 0 of them
	[ "$waiting" = 0 ] || die "$(peer_name "$address") waits for a restart to use its settings"
done
found "checksums, UTF8, $(wanted max_connections) connections, version $first on $(peer_count) members"
