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

# Nodes that apply more slowly than clients commit hold these back, instead of
# falling behind for ever. The check says so, and when they are done nothing is
# missing. Slow is a change of a table without a key, in the order in which each of
# its rows is found last. (A node with little processor is no such case: it is slow
# to acknowledge what it gets, and then nothing waits in it.)
flow_control() {
	local host
	ok 'a change of one table that takes the other nodes long' change_without_key
	crowd_begin
	ok 'they hold clients back' timed 'slow nodes: clients are held back' 60 held_back maria-01
	ok 'nobody falls further behind than flow control lets him' behind_at_most maria-03 1000
	ok 'a check on maria-01 fails with the reason: 62' check_fails maria-01 'was held back for'
	crowd_end
	ok 'all hold the same' timed 'slow nodes are done: nothing waits' 600 caught_up
	for host in $HOSTS; do
		ok "$host holds every row" same "$rows" "$(inside "$host" sql local \
			'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM keybuzz_selftest.crowd')"
	done
	inside maria-01 sql local 'DROP TABLE keybuzz_selftest.crowd, keybuzz_selftest.keyless'
	ok 'checks are green on every host' everyone_checks
}

change_without_key() {
	inside maria-01 sql local 'CREATE TABLE keybuzz_selftest.keyless (n INT, t CHAR(100))' &&
		inside maria-01 sql local "INSERT INTO keybuzz_selftest.keyless
			SELECT seq, 'x' FROM keybuzz_selftest.seq_1_to_16000" &&
		inside maria-01 sql local 'UPDATE keybuzz_selftest.keyless SET n = n + 1 ORDER BY n DESC'
}

# Four clients that commit row by row, as fast as maria-01 lets them.
crowd_begin() {
	local n
	inside maria-01 sql local 'CREATE TABLE keybuzz_selftest.crowd (id BIGINT AUTO_INCREMENT PRIMARY KEY, t TEXT)'
	crowd=
	for n in 1 2 3 4; do
		awk 'BEGIN { while (n++ < 1000) print "INSERT INTO keybuzz_selftest.crowd (t) VALUES (REPEAT(\"x\", 500));" }' |
			"$F" net "$FLEET" chroot "$work/client" mariadb --defaults-file="$SETTINGS/monitor.cnf" \
				--host "$(address_of maria-01)" --protocol tcp >"$work/crowd-$n" 2>&1 &
		crowd="$crowd $!"
	done
}

# All of them came to their end: every row was acknowledged.
crowd_end() {
	local pid status
	status=0
	for pid in $crowd; do
		wait "$pid" || status=1
	done
	cat "$work"/crowd-*
	rows=4000
	ok 'every client has committed all its rows' test "$status" -eq 0
}

wsrep() { # HOST NAME
	inside "$1" sql local "SHOW GLOBAL STATUS LIKE 'wsrep_$2'" | cut -f 2
}

held_back() {
	local before
	before=$(wsrep "$1" flow_control_paused_ns)
	within 5 more_than "$before" "$1"
}

more_than() {
	[ "$(wsrep "$2" flow_control_paused_ns)" -gt "$1" ]
}

behind_at_most() {
	[ "$(wsrep "$1" local_recv_queue)" -le "$2" ]
}

caught_up() {
	local host
	all_synced || return 1
	for host in $HOSTS; do
		behind_at_most "$host" 0 || return 1
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

# What the lines of a slow_copy let through, each.
THIN=5mbit

# All data take longer to copy than a node waits for a group with a quorum: it has
# none until then, and must not give up.
slow_copy() {
	ok 'purge makes maria-03 bare' run maria-03 purge --destroy-data=maria-03
	ok 'the lines of the others are thin' thin_lines maria-01 maria-02
	ok 'its bundle copies everything all the same' run maria-03 install
	ok 'that took longer than a node waits for a group' copy_took_longer maria-03 60
	ok 'the lines are wide again' wide_lines maria-01 maria-02
	ok 'all hold the same' within 60 all_synced
}

thin_lines() {
	local host
	for host; do
		on "$host" tc qdisc replace dev host0 root tbf rate "$THIN" burst 64kb latency 400ms || return 1
	done
}

wide_lines() {
	local host
	for host; do
		on "$host" tc qdisc del dev host0 root || return 1
	done
}

# From its last start to the moment it had everything, as its journal says.
copy_took_longer() { # HOST SECONDS
	local took
	took=$(on "$1" journalctl -u mariadb-docker.service -o short-unix | awk '
		/: starting: join/ { begin = $1 }
		/Synchronized with group, ready/ { end = $1 }
		END { printf "%d", end - begin }')
	printf '%-44s %s s\n' 'all data over thin lines' "$took" | tee -a "$work/times"
	[ "$took" -gt "$2" ]
}

# The host dies in the middle of the install, and has a disk with the label of the
# role meanwhile; the same command ends it.
power_cut_during_install() {
	local host
	host=$1
	run "$host" purge "--destroy-data=$host" && on "$host" mkfs.xfs -q -L kb-mariadb /dev/sdb || return 1
	run "$host" install >"$work/cut" 2>&1 &
	cut_once "$FLEET" "$host" $! said mariadb "$work/cut" && run "$host" install &&
		within 120 all_synced
}

on_volume() {
	same '/dev/sdb xfs' "$(on "$1" findmnt -n -o SOURCE,FSTYPE /opt/keybuzz/mariadb/data)" &&
		on "$1" test -f /opt/keybuzz/mariadb/data/mysql/ibdata1
}
