# shellcheck shell=dash source-path=SCRIPTDIR
# What this node holds, before it starts: `state` for the others, and UUID and
# SEQNO to start with.

NOTHING=00000000-0000-0000-0000-000000000000

# saved FILE WORD: what Galera has written behind "WORD:".
saved() {
	[ -f "$DATA/$1" ] || return 0
	awk -v word="$2:" '$1 == word { print $2; exit }' "$DATA/$1"
}

# The last group with a quorum this node was in: "VIEW ME MEMBERS". There is no
# such file after an orderly stop, and none that is whole after some crashes.
last_group() {
	local file
	file=$DATA/gvwstate.dat

	if [ ! -f "$file" ]; then
		printf '%s\n' '- - -'
		return 0
	fi
	awk '
		$1 == "my_uuid:" { me = $2 }
		$1 == "view_id:" { view = $3 ":" $4 }
		$1 == "member:" { members = members (members == "" ? "" : ",") $2 }
		$1 == "#vwend" { whole = 1 }
		END { print whole && me != "" && view != "" && members != "" ? view " " me " " members : "- - -" }
	' "$file"
}

# The server reads its own redo log and says where it is: "UUID:SEQNO".
ask_server() {
	local log
	log=$RUN/recover.log

	rm -f "$log"
	if ! mariadbd --defaults-file="$SETTINGS/my.cnf" --wsrep-recover --log-error="$log" >&2; then
		tail -n 30 "$log" >&2
		return 1
	fi
	sed -n 's/.*Recovered position[^0-9a-f]*\([0-9a-f-]*:-*[0-9]*\).*/\1/p' "$log" | tail -n 1
}

# UUID:SEQNO of the data. What Galera has written down is right after an orderly
# stop only; a transfer that was cut off leaves nothing of use.
find_position() {
	local position

	position=$NOTHING:-1
	if [ -e "$DATA/sst_in_progress" ]; then
		say "a state transfer to this host was cut off"
	elif [ ! -e "$DATA/ibdata1" ]; then
		say "no data yet"
	elif [ -n "$(saved grastate.dat seqno)" ] && [ "$(saved grastate.dat seqno)" -ge 0 ] &&
		[ ! -e "$DATA/gvwstate.dat" ]; then
		position=$(saved grastate.dat uuid):$(saved grastate.dat seqno)
	else
		position=$(ask_server) || return 1
	fi
	UUID=${position%:*}
	SEQNO=${position##*:}
}

# write_state: as decide.awk reads it behind "state ADDRESS".
write_state() {
	local kind safe session seen uuid seqno

	find_position || die "the data of this host cannot be read." \
		"To copy everything from another host, remove $DATA and restart mariadb-docker.service."
	seen=$(cat "$CONF/cluster" 2>/dev/null) || seen=- # never part of one
	kind=new safe=0 uuid=- seqno=-
	if [ "$UUID" != "$NOTHING" ] && [ "$SEQNO" -ge 0 ]; then
		kind=has uuid=$UUID seqno=$SEQNO
		[ "$(saved grastate.dat safe_to_bootstrap)" != 1 ] || safe=1
	elif [ "$seen" != - ]; then
		kind=lost uuid=$seen
	fi
	session=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
	printf '%s %s %s %s %s %s\n' "$session" "$kind" "$uuid" "$seqno" "$safe" "$(last_group)" |
		write_file "$RUN/state"
	say "this host: $kind $uuid:$seqno, left last: $safe"
}
