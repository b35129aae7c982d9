# What a node that is not running does next, from what is known of all of them.
# Lines in:
#
#   self ADDRESS                  this host
#   peer ADDRESS                  each host of the role, in inventory order
#   without ADDRESS               gone for good: the operator of this host says so
#   primary ADDRESS UUID SEQNO    runs, in a cluster that has its quorum
#   up ADDRESS STATUS             runs, without one
#   starting ADDRESS              runs, and does not answer yet
#   denied ADDRESS                has other passwords or another key
#   state ADDRESS SESSION KIND UUID SEQNO SAFE VIEW ME MEMBERS
#                                 does not run, and asks the same question
#
# KIND is `has` (a position in the history UUID), `lost` (was part of UUID, and
# its data are gone or of no use) or `new`. SAFE is 1 on a node that was the
# last to leave. VIEW is the last group with a quorum that the node was in, ME
# its name there, MEMBERS the names of all, with commas.
#
# One line out: "join: why", "create: why" (the first data of a new site),
# "bootstrap: why", "wait: why" to ask again, or "refuse: why", which only a
# person can mend.
#
# Galera delivers in one order, so within a history the higher position holds
# everything that the lower one does. A position that nobody has told is never
# assumed to be low: who does not answer is waited for, unless it is proven
# that it cannot know more. Every node comes to the same winner from the same
# answers, and further answers can only turn that into a refusal.

$1 == "self" { self = $2 }
$1 == "peer" { peer[$2] = ++peers; address[peers] = $2 }
$1 == "without" { without[$2] = 1 }
!($2 in peer) { next }
$1 == "primary" { primary[$2] = $3; committed[$2] = $4 + 0; primaries = primaries " " $2 }
$1 == "up" { up = up " " $2 " (" $3 ")" }
$1 == "starting" { starting = starting " " $2 }
$1 == "denied" { denied = denied " " $2 }
$1 == "state" {
	kind[$2] = $4
	uuid[$2] = $5
	seqno[$2] = $6 + 0
	safe[$2] = $7 == 1
	view[$2] = $8
	me[$2] = $9
	members[$2] = $10
}

function say(word, why) {
	print word ": " why
	exit
}

# Asking for kind[a] would make A one that has told.
function is(a, word) {
	return (a in kind) && kind[a] == word
}

# What a node has told, for a message.
function told(a) {
	if (is(a, "has"))
		return a " holds " uuid[a] ":" seqno[a] (safe[a] ? " and left last" : "")
	if (is(a, "lost"))
		return a " was part of " uuid[a] " and its data are gone"
	return a " is new"
}

function all_told(    i, text) {
	for (i = 1; i <= peers; i++)
		if (address[i] in kind)
			text = text (text == "" ? "" : ", ") told(address[i])
	return text
}

# There is a cluster: join it, unless that would erase what it does not have.
function follow(    i, a, found) {
	for (i = 1; i <= peers; i++) {
		a = address[i]
		if (!(a in primary))
			continue
		if (found != "" && primary[a] != primary[found])
			say("refuse", "two clusters run: " primary[found] " on " found ", " \
				primary[a] " on " a)
		if (found == "" || committed[a] > committed[found])
			found = a
	}
	if (is(self, "has") && uuid[self] != primary[found])
		say("refuse", told(self) ", but the cluster that runs is " primary[found] \
			" on" primaries ": joining it would erase the data here")
	if (is(self, "has") && seqno[self] > committed[found])
		say("wait", told(self) ", but " found " has only applied " committed[found])
	say("join", "a cluster with a quorum runs on" primaries)
}

# The nodes that were in the same last group as A, all of them: nobody else can
# have committed after that group was formed.
function is_whole(a,    n, name, i, b, there) {
	if (view[a] == "-" || view[a] == "")
		return 0
	n = split(members[a], name, ",")
	for (i = 1; i <= n; i++) {
		there = 0
		for (b in kind)
			if (me[b] == name[i] && view[b] == view[a])
				there = 1
		if (!there)
			return 0
	}
	return 1
}

# In inventory order, so that nodes with the same position choose the same.
# GROUP is a view, or empty for everybody.
function most_advanced(group,    i, a, best) {
	for (i = 1; i <= peers; i++) {
		a = address[i]
		if (is(a, "has") && (group == "" || view[a] == group) &&
		    (best == "" || seqno[a] > seqno[best]))
			best = a
	}
	return best
}

function win(winner, why,    a) {
	for (a in kind)
		if (is(a, "has") && seqno[a] > seqno[winner])
			say("refuse", told(a) ", more than " winner ", though " why)
	if (winner == self)
		say("bootstrap", why " (" all_told() ")")
	say("wait", winner " starts the cluster: " why " (" all_told() ")")
}

# A whole last group, or the one that left last: enough without the others.
function proven(    i, a, group, last, n) {
	for (i = 1; i <= peers; i++) {
		a = address[i]
		if (is(a, "has") && is_whole(a)) {
			if (group != "" && group != view[a])
				say("refuse", "two last groups are complete: " all_told())
			group = view[a]
		}
		if (safe[a]) {
			last = a
			n++
		}
	}
	if (group != "")
		win(most_advanced(group), "all members of the last group have told what they hold")
	if (n == 1)
		win(last, last " left last")
}

function one_history(    a, first) {
	for (a in kind) {
		if (!is(a, "has"))
			continue
		if (first != "" && uuid[a] != uuid[first])
			say("refuse", "there are two histories: " all_told())
		first = a
	}
}

# Who has not told, or has nothing left to tell.
function missing(    i, a, text) {
	for (i = 1; i <= peers; i++) {
		a = address[i]
		if (!(a in kind) && !(a in without))
			text = text " " a
	}
	return text
}

function lost(    i, a, text) {
	for (i = 1; i <= peers; i++) {
		a = address[i]
		if (is(a, "lost") && !(a in without))
			text = text " " a
	}
	return text
}

function first_new(    i) {
	for (i = 1; i <= peers; i++)
		if (address[i] in kind)
			return address[i]
}

END {
	if (primaries != "")
		follow()
	if (denied != "")
		say("refuse", "another mariadb.env at" denied)
	if (up != "")
		say("wait", "there is no quorum at" up)
	if (starting != "")
		say("wait", "starting:" starting)
	one_history()
	proven()
	if (missing() != "")
		say("wait", "no answer from" missing() ", which may know of more (" all_told() ")")
	if (most_advanced("") != "" && lost() != "")
		say("refuse", "the data are gone at" lost() ", which may have known of more (" all_told() ")")
	if (most_advanced("") != "")
		win(most_advanced(""), "it holds the most of all hosts")
	# Hosts that were part of something, and none of them has it any more.
	if (lost() != "")
		say("refuse", "no host has data, but some had: " all_told())
	if (first_new() == self)
		say("create", "all hosts are new")
	say("wait", first_new() " creates the cluster: all hosts are new")
}
