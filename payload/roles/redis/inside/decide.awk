# Who is master, from what is known before Redis starts. Lines in:
#
#   self ADDRESS                       this host
#   peer ADDRESS                       each host of the role, before the rest
#   view SENTINEL MASTER EPOCH FLAGS   a Sentinel that answers
#   claim ADDRESS REPLICAS             another Redis that says it is master
#   file MASTER EPOCH                  what this host's Sentinel had written
#   before MASTER                      what this host's Redis had written
#   inventory MASTER                   where a new site begins
#   waited SECONDS                     since the first time of asking
#
# One line out: "master ADDRESS: why", or "wait: why" to be asked again.
#
# The epoch grows with each failover, so of two views the one with the higher
# epoch is the later. Becoming a replica of a node with older data empties
# this one; being one master too many for some seconds loses nothing, because
# a master without replicas refuses writes. Doubt is resolved accordingly.

$1 == "self" { self = $2 }
$1 == "peer" { peer[$2] = 1; peers++ }
$1 == "view" && ($3 in peer) {
	votes[$3]++
	if ($2 != self)
		others++
	if ($3 != self && $4 + 0 > against)
		against = $4 + 0
	if ($5 ~ /o_down|failover_in_progress/)
		doomed[$3] = 1
	later($3, $4 + 0)
}
$1 == "claim" && ($2 in peer) { claims[$2] = $3 + 0; claimed = 1 }
$1 == "file" && ($2 in peer) { file = $2; file_epoch = $3 + 0 }
$1 == "before" && ($2 in peer) { before = $2 }
$1 == "inventory" { inventory = $2 }
$1 == "waited" { waited = $2 + 0 }

BEGIN { against = epoch = file_epoch = -1 }

# Of the views the latest, in LATEST and EPOCH.
function later(master, at) {
	if (at > epoch || (at == epoch && votes[master] > votes[latest])) {
		latest = master
		epoch = at
	}
}

function say(master, why) {
	print "master " master ": " why
	exit
}

function wait(why) {
	print "wait: " why
	exit
}

function busiest(    m, best) {
	for (m in claims)
		if (best == "" || claims[m] > claims[best] || (claims[m] == claims[best] && m < best))
			best = m
	return best
}

END {
	majority = int(peers / 2) + 1
	for (m in votes)
		if (votes[m] >= majority)
			agreed = m

	# 1. A majority agrees. Whoever has seen a later failover that has not
	# reached the others yet is right all the same.
	if (agreed != "") {
		if (file_epoch > epoch)
			say(file, "by the Sentinel of this host, later than what " votes[agreed] " say")
		# They are replacing this host: it must not come back as
		# master in the middle of that.
		if (latest == self && (self in doomed) && waited < 20)
			wait("the Sentinels take this host for dead and may replace it")
		say(latest, votes[agreed] " Sentinels agree on " agreed)
	}

	# 2. No majority, but another Redis says that it is master: follow it,
	# unless this host was made master after all that is known of it. With
	# nobody to ask, the Sentinels may be on their way up.
	if (claimed) {
		if (before == self && file == self && others && against < file_epoch)
			say(self, "since epoch " file_epoch ", later than the claim of " busiest())
		if (before == self && file == self && !others && waited < 10)
			wait(busiest() " says it is master, no Sentinel can be asked")
		if (latest in claims)
			say(latest, "it says so, and a Sentinel")
		say(busiest(), "it says so, without a majority of Sentinels")
	}

	# 3. Nobody is master: as before. A Sentinel that has seen a later
	# failover than the one here is believed.
	if (before != "") {
		if (epoch > file_epoch)
			say(latest, "a Sentinel knows epoch " epoch)
		say(before, "as before, nobody says otherwise")
	}

	# 4. This host is new.
	if (latest != "")
		say(latest, "a Sentinel says so")
	say(inventory, "by the inventory, nobody is there yet")
}
