# shellcheck shell=dash
# How nodes that do not run tell each other what they hold. For the time of
# that, and no longer, the port of state transfers answers one question:
#
#	keybuzz-mariadb-1 ask TO NONCE MAC
#	keybuzz-mariadb-1 state FROM NONCE STATE.. MAC
#
# MAC is over the words before it. The firewall lets only this role's hosts
# ask; without the key nobody gets an answer, and none is believed. The nonce
# makes it an answer to this question, FROM that of this host.

WORD=keybuzz-mariadb-1

mac_of() {
	printf '%s' "$1" | "$INSIDE/mac"
}

# signed WORDS: with their MAC behind them.
signed() {
	local mac

	mac=$(mac_of "$1") || return 1
	printf '%s %s\n' "$1" "$mac"
}

# verified LINE: what it says, if its MAC is right.
verified() {
	local words mac
	words=${1% *}

	mac=$(mac_of "$words") || return 1
	[ "$mac" = "${1##* }" ] || return 1
	printf '%s\n' "$words"
}

# ask ADDRESS: its STATE words; "denied" if somebody there has another key;
# nothing if nobody answers.
ask() {
	local address nonce line words
	address=$1

	nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	line=$(signed "$WORD ask $address $nonce" |
		timeout -s KILL 12 socat -t 8 -T 8 - "TCP:$address:$TRANSFER_PORT,connect-timeout=2" 2>/dev/null |
		head -c 4096) || return 0
	[ -n "$line" ] || return 0
	case $line in
	"$WORD denied") printf 'denied\n' ;;
	"$WORD state $address $nonce "*)
		if words=$(verified "$line"); then
			printf '%s\n' "${words#"$WORD state $address $nonce "}"
		else
			printf 'denied\n'
		fi
		;;
	esac
}

# The other side of it: one question on standard input.
answer() {
	local line words state

	line=$(head -c 400)
	words=$(verified "$line") || words=
	case $words in
	"$WORD ask $SELF "*) ;;
	*)
		printf '%s denied\n' "$WORD"
		return 0
		;;
	esac
	read -r state <"$RUN/state" || return 1
	signed "$WORD state $SELF ${words##* } $state"
}

listen() {
	# shellcheck disable=SC2093
	exec socat -t 8 -T 8 "TCP-LISTEN:$TRANSFER_PORT,bind=$SELF,reuseaddr,fork,max-children=8" \
		"EXEC:$INSIDE/answer" 2>/dev/null
}
