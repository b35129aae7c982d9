# shellcheck shell=dash
# The longer cases of the mariadb role's test: what must never be healed by
# guessing, and what must heal by itself although it looks hopeless.

# A node with another history: refused, and its data are not touched.
two_histories() {
	local before
	ok 'maria-03 leaves' on maria-03 systemctl stop mariadb-docker.service
	on maria-03 sed -i 's/^uuid: .*/uuid:    11111111-2222-3333-4444-555555555555/' \
		/opt/keybuzz/mariadb/data/mysql/grastate.dat
	before=$(digest_of maria-03)
	ok 'it starts with another history' on maria-03 systemctl start mariadb-docker.service
	ok 'it is refused, with the facts' within 60 refuses maria-03 'joining it would erase the data here'
	ok 'a check there fails with the reason: 62' check_fails maria-03 'joining it would erase'
	ok 'its data are as they were' same "$before" "$(digest_of maria-03)"
	ok 'the other two go on' synced_on maria-01 maria-02
	ok 'purged by its operator' run maria-03 purge --destroy-data=maria-03
	ok 'it is a node as any other' install_together maria-03
	ok 'all are there' within 180 all_synced
}

digest_of() {
	on "$1" sh -c 'cat /opt/keybuzz/mariadb/data/mysql/ibdata1 /opt/keybuzz/mariadb/data/mysql/grastate.dat |
		sha256sum'
}

# All are down, and the data of one are gone: the others might not have
# everything. Only its operator can say that they are enough.
lost_data() {
	local host
	for host in $HOSTS; do
		on "$host" systemctl stop mariadb-docker.service || return 1
	done
	# Two left in order, so that nothing proves who was last.
	for host in $HOSTS; do
		on "$host" sed -i 's/^safe_to_bootstrap: .*/safe_to_bootstrap: 0/' \
			/opt/keybuzz/mariadb/data/mysql/grastate.dat
	done
	ok 'the data of maria-03 are gone' on maria-03 rm -rf /opt/keybuzz/mariadb/data/mysql
	for host in $HOSTS; do
		ok "$host starts" on "$host" systemctl start mariadb-docker.service
	done
	for host in maria-01 maria-02; do
		ok "$host refuses, with the reason" within 90 refuses "$host" 'the data are gone at 10.0.0.172'
	done
	ok 'its operator gives it up, on both' give_up 10.0.0.172 maria-01 maria-02
	ok 'all are there' timed 'lost data given up: synced' 240 all_synced
}

give_up() { # ADDRESS HOST..
	local address host
	address=$1
	shift
	for host; do
		on "$host" docker exec mariadb "$INSIDE/without" "$address" || return 1
	done
}

# A node that runs, without a quorum, is no reason for the others to wait for
# ever: it stops, to decide with them.
without_quorum() {
	ok 'power cut of two of three' "$F" power-cut "$FLEET" maria-02
	ok '(the other one)' "$F" power-cut "$FLEET" maria-03
	ok 'maria-01 takes no writes' within 60 refuses_writes maria-01
	ok 'both boot' "$F" boot "$FLEET" maria-02 maria-03
	ok 'all are there' timed 'two of three were cut: synced' 240 all_synced
}

# The host dies in the middle of the install; the same command ends it.
power_cut_during_install() {
	local host
	host=$1
	run "$host" purge "--destroy-data=$host" || return 1
	run "$host" install >"$work/cut" 2>&1 &
	cut_once "$FLEET" "$host" $! said mariadb "$work/cut" && run "$host" install &&
		within 120 all_synced
}
