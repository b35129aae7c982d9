#!/bin/sh
# shellcheck shell=dash source-path=SCRIPTDIR
# The settings that keep data: append-only file, no eviction, a memory limit.
# shellcheck source=../../../lib/keybuzz.sh
. "$KEYBUZZ_PAYLOAD/lib/keybuzz.sh"
# shellcheck source=../redis.sh
. "$KEYBUZZ_PAYLOAD/roles/redis/redis.sh"

setting_is() {
	local address name wanted value
	address=$1 name=$2 wanted=$3

	value=$(ask redis "$address" CONFIG GET "$name" | sed -n 2p)
	[ "$value" = "$wanted" ] || die "$(peer_name "$address"): $name is '$value', not '$wanted'"
}

# wanted NAME: as the installer has written it on this host.
wanted() {
	awk -v name="$1" '$1 == name { print $2 }' "$REDIS_BASE/settings/redis.conf"
}

for address in $(peer_addresses); do
	setting_is "$address" appendonly yes
	setting_is "$address" appendfsync everysec
	setting_is "$address" maxmemory-policy "$(wanted maxmemory-policy)"
	# Redis lowers this by itself where it may not open enough files.
	setting_is "$address" maxclients "$(wanted maxclients)"
	setting_is "$address" min-replicas-to-write "$(wanted min-replicas-to-write)"
	setting_is "$address" replica-announce-ip "$address"
	setting_is "$address" protected-mode yes
	[ "$(ask redis "$address" CONFIG GET maxmemory | sed -n 2p)" -gt 0 ] ||
		die "$(peer_name "$address"): no maxmemory"
	state=$(info "$address" persistence aof_last_write_status)
	[ "$state" = ok ] || die "$(peer_name "$address"): aof_last_write_status is '$state'"
done
found "append-only file on and written, memory limited, $(wanted maxmemory-policy)"
