#!/bin/sh
# shellcheck shell=dash
# Which master a starting node chooses, from facts alone: no host is needed.
# A is this host, and where the inventory would begin.
set -eu

DECIDE=$(cd "$(dirname "$0")/../../.." && pwd)/payload/roles/redis/inside/decide.awk
passed=0 failed=0

# decides NAME WANTED, with facts on standard input. WANTED is a host or wait.
decides() {
	local name wanted said
	name=$1 wanted=$2

	said=$({
		printf 'self A\npeer A\npeer B\npeer C\ninventory A\n'
		cat
	} | awk -f "$DECIDE")
	case $said in
	"master $wanted: "*) passed=$((passed + 1)) ;;
	"wait: "*)
		[ "$wanted" = wait ] && passed=$((passed + 1)) && return 0
		wrong
		;;
	*) wrong ;;
	esac
}

wrong() {
	failed=$((failed + 1))
	printf 'FAILED %s: wanted %s, it says: %s\n' "$name" "$wanted" "$said"
}

decides 'a new site begins where the inventory says' A <<'FACTS'
FACTS

decides 'a majority of the Sentinels is followed, whatever this host was' B <<'FACTS'
before A
file A 3
view B B 4 master
view C B 4 master
FACTS

decides 'a majority makes this host master, though it was a replica' A <<'FACTS'
before B
file B 3
view B A 4 master
view C A 4 master
FACTS

decides 'a Sentinel that saw a later failover outweighs two that did not' C <<'FACTS'
before A
view A B 1 master
view B B 1 master
view C C 2 master
FACTS

decides 'a host that is being replaced waits for the decision' wait <<'FACTS'
before A
view B A 1 master,s_down,o_down
view C A 1 master,s_down
waited 3
FACTS

decides 'but not for ever: the Sentinels may have nobody to promote' A <<'FACTS'
before A
view B A 1 master,s_down,o_down
view C A 1 master,s_down
waited 20
FACTS

decides 'without a majority, who says it is master is followed' B <<'FACTS'
before A
file A 1
claim B 1
view B B 2 master
FACTS

decides 'of two that say so, the one with more replicas' C <<'FACTS'
before B
claim B 0
claim C 1
FACTS

decides 'a stale master that came up first does not take over a newer one' A <<'FACTS'
before A
file A 2
claim B 0
view B B 1 master
FACTS

decides 'nor while its Sentinel is still on the way up' wait <<'FACTS'
before A
file A 2
claim B 0
waited 4
FACTS

decides 'a claim that nothing speaks against wins in the end' B <<'FACTS'
before A
file A 2
claim B 0
waited 10
FACTS

decides 'the Sentinel of this host alone is no evidence against a claim' wait <<'FACTS'
before A
file A 2
claim B 0
view A A 2 master
waited 4
FACTS

decides 'after a blackout a host is what it was: replica' B <<'FACTS'
before B
file B 5
FACTS

decides 'after a blackout a host is what it was: master' A <<'FACTS'
before A
file A 5
FACTS

decides 'a master whose promotion its own Sentinel had not heard of stays one' A <<'FACTS'
before A
file B 5
FACTS

decides 'a single Sentinel that knows a later failover is believed' C <<'FACTS'
before A
file A 1
view C C 2 master
FACTS

decides 'a single Sentinel with the same knowledge changes nothing' A <<'FACTS'
before A
file A 1
view C C 1 master
FACTS

decides 'a new host believes a single Sentinel rather than the inventory' C <<'FACTS'
view C C 0 master
FACTS

decides 'what points to a host that left the inventory does not count' A <<'FACTS'
before X
file X 9
view B X 9 master
view C X 9 master
claim X 2
FACTS

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
