#!/bin/sh
# shellcheck shell=dash
# What a node that is not running does next, from facts alone: no host is
# needed. A is this host, U and W are histories. Every case is asked on each of
# the three hosts: at most one of them may begin.
set -eu

DECIDE=$(cd "$(dirname "$0")/../../.." && pwd)/payload/roles/mariadb/inside/decide.awk
passed=0 failed=0

ask() { # SELF FACTS
	printf 'self %s\npeer A\npeer B\npeer C\n%s\n' "$1" "$2" | awk -f "$DECIDE"
}

# decides NAME WANTED [TEXT], with facts on standard input. WANTED is what A
# does; TEXT is in the reason.
decides() {
	local name wanted text facts said begins host
	name=$1 wanted=$2 text=${3:-}

	facts=$(cat)
	said=$(ask A "$facts")
	case $said in
	"$wanted: "*"$text"*) ;;
	*)
		wrong "wanted $wanted, it says: $said"
		return 0
		;;
	esac
	begins=0
	for host in A B C; do
		case $(ask "$host" "$facts") in
		"create: "* | "bootstrap: "*) begins=$((begins + 1)) ;;
		esac
	done
	if [ "$begins" -gt 1 ]; then
		wrong "$begins hosts would begin"
		return 0
	fi
	passed=$((passed + 1))
}

wrong() {
	failed=$((failed + 1))
	printf 'FAILED %s: %s\n' "$name" "$1"
}

decides 'alone and new is not enough' wait 'no answer from B C' <<'FACTS'
state A s new - - 0 - - -
FACTS

decides 'two that are new wait for the third' wait 'no answer from C' <<'FACTS'
state A s new - - 0 - - -
state B s new - - 0 - - -
FACTS

decides 'the first of the inventory creates, when all are new' create <<'FACTS'
state A s new - - 0 - - -
state B s new - - 0 - - -
state C s new - - 0 - - -
FACTS

decides 'the operator gives up a host that never came' create <<'FACTS'
without C
state A s new - - 0 - - -
state B s new - - 0 - - -
FACTS

decides 'a new node joins what runs' join <<'FACTS'
state A s new - - 0 - - -
primary B U 7
FACTS

decides 'a node with the same history joins' join <<'FACTS'
state A s has U 7 0 - - -
primary B U 7
FACTS

decides 'a node with another history does not, and keeps its data' refuse 'would erase' <<'FACTS'
state A s has W 99 0 - - -
primary B U 7
FACTS

decides 'a node that lost its data joins' join <<'FACTS'
state A s lost U - 0 - - -
primary B U 7
FACTS

decides 'two clusters at once are shown' refuse 'two clusters run' <<'FACTS'
state A s new - - 0 - - -
primary B U 7
primary C W 7
FACTS

decides 'a node that knows more waits for the running one to apply it' wait 'has only applied 7' <<'FACTS'
state A s has U 9 0 - - -
primary B U 7
FACTS

decides 'of three the most advanced begins: here' bootstrap <<'FACTS'
state A s has U 9 0 v1 a a,b,c
state B s has U 8 0 v1 b a,b,c
state C s has U 7 0 v1 c a,b,c
FACTS

decides 'of three the most advanced begins: elsewhere' wait 'C starts the cluster' <<'FACTS'
state A s has U 7 0 v1 a a,b,c
state B s has U 8 0 v1 b a,b,c
state C s has U 9 0 v1 c a,b,c
FACTS

decides 'numbers are compared as numbers' wait 'B starts the cluster' <<'FACTS'
state A s has U 999 0 - - -
state B s has U 1000 0 - - -
state C s has U 998 0 - - -
FACTS

decides 'a tie is decided by the inventory' bootstrap <<'FACTS'
state A s has U 9 0 - - -
state B s has U 9 0 - - -
state C s has U 9 0 - - -
FACTS

decides 'one that is missing may know more' wait 'no answer from C' <<'FACTS'
state A s has U 9 0 v1 a a,b,c
state B s has U 9 0 v1 b a,b,c
FACTS

decides 'unless it had left before the last group was formed' bootstrap 'all members' <<'FACTS'
state A s has U 9 0 v2 a a,b
state B s has U 9 0 v2 b a,b
FACTS

decides 'and still when it comes back, with less' bootstrap 'all members' <<'FACTS'
state A s has U 9 0 v2 a a,b
state B s has U 9 0 v2 b a,b
state C s has U 5 0 v1 c a,b,c
FACTS

decides 'a missing host claims more than a proven one' refuse 'more than' <<'FACTS'
state A s has U 9 0 v2 a a,b
state B s has U 9 0 v2 b a,b
state C s has U 12 0 v1 c a,b,c
FACTS

decides 'members that remember different groups prove nothing' wait 'no answer from C' <<'FACTS'
state A s has U 9 0 v2 a a,b
state B s has U 9 0 v3 b b,c
FACTS

decides 'two complete last groups are shown' refuse 'two last groups' <<'FACTS'
state A s has U 9 0 v2 a a,b
state B s has U 9 0 v2 b a,b
state C s has U 9 0 v3 c c
FACTS

decides 'who left last begins, though the others are missing' bootstrap 'left last' <<'FACTS'
state A s has U 9 1 - - -
FACTS

decides 'who did not leave last waits for it' wait 'no answer from B C' <<'FACTS'
state A s has U 9 0 - - -
FACTS

decides 'who left last cannot know less' refuse 'more than A' <<'FACTS'
state A s has U 9 1 - - -
state B s has U 11 0 - - -
FACTS

decides 'two that both left last are compared with all others' wait 'no answer from C' <<'FACTS'
state A s has U 9 1 - - -
state B s has U 11 1 - - -
FACTS

decides 'two histories are never mixed' refuse 'two histories: A holds U:9, B holds W:900' <<'FACTS'
state A s has U 9 0 - - -
state B s has W 900 0 - - -
FACTS

decides 'not even if one of them left last' refuse 'two histories' <<'FACTS'
state A s has U 9 1 - - -
state B s has W 900 0 - - -
state C s has U 9 0 - - -
FACTS

decides 'a node whose data are gone may have known more' refuse 'gone at C' <<'FACTS'
state A s has U 9 0 - - -
state B s has U 8 0 - - -
state C s lost U - 0 - - -
FACTS

decides 'but not one that was copying when the last group broke' bootstrap 'all members' <<'FACTS'
state A s has U 9 0 v2 a a,b,c
state B s has U 8 0 v2 b a,b,c
state C s lost U - 0 v2 c a,b,c
FACTS

decides 'the operator gives up the node whose data are gone' bootstrap <<'FACTS'
without C
state A s has U 9 0 - - -
state B s has U 8 0 - - -
state C s lost U - 0 - - -
FACTS

decides 'the operator gives up the missing node' bootstrap <<'FACTS'
without C
state A s has U 9 0 v1 a a,b,c
state B s has U 8 0 v1 b a,b,c
FACTS

decides 'one with data is enough, when the others are new' wait 'B starts' <<'FACTS'
state A s new - - 0 - - -
state B s has U 8 0 - - -
state C s new - - 0 - - -
FACTS

decides 'nobody has data any more' refuse 'no host has data' <<'FACTS'
state A s lost U - 0 - - -
state B s lost U - 0 - - -
state C s new - - 0 - - -
FACTS

decides 'nothing begins beside a node that runs without a quorum' wait 'no quorum at B' <<'FACTS'
state A s has U 9 1 - - -
up B non-Primary
FACTS

decides 'nothing begins beside a node that starts' wait 'starting: B' <<'FACTS'
state A s has U 9 1 - - -
starting B
FACTS

decides 'another key is shown' refuse 'another mariadb.env at B' <<'FACTS'
state A s has U 9 0 - - -
denied B
FACTS

decides 'a stranger is not asked' wait 'no answer from B C' <<'FACTS'
state A s new - - 0 - - -
primary D U 7
state E s has U 7 1 - - -
FACTS

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
