# shellcheck shell=dash
# What the scripts inside the containers share: settings, asking Redis and
# Sentinel, and finding the master. Paths are the same inside and outside.

BASE=/opt/keybuzz/redis
SETTINGS=$BASE/settings
CONF=$BASE/conf

# A node that has not answered by then is not there.
CONNECT_SECONDS=1
ANSWER_SECONDS=5

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# setting NAME: its value in the file `node`.
setting() {
	local wanted name value
	wanted=$1

	while read -r name value; do
		if [ "$name" = "$wanted" ]; then
			printf '%s\n' "$value"
			return 0
		fi
	done <"$SETTINGS/node"
	die "settings/node: no line '$wanted'"
}

load_settings() {
	SELF=$(setting address) || exit 1
	PORT=$(setting port) || exit 1
	SENTINEL_PORT=$(setting sentinel-port) || exit 1
	MASTER_NAME=$(setting master-name) || exit 1
	CHECK_USER=$(setting check-user) || exit 1
}

# As many open files as Redis may need for its clients, or as many as the engine
# gives. The soft limit of engines is often 1024.
raise_open_files() {
	local wanted hard
	wanted=65536

	hard=$(ulimit -H -n)
	if [ "$hard" != unlimited ] && [ "$hard" -lt "$wanted" ]; then
		say "the engine allows $hard open files, $wanted would be right"
		wanted=$hard
	fi
	ulimit -S -n "$wanted"
}

# The addresses of the role's hosts, own one included.
peer_addresses() {
	local address _

	while read -r _ address _; do
		printf '%s\n' "$address"
	done <"$SETTINGS/peers"
}

# ask KIND ADDRESS [WORD..]: the answer to one command, or to those on standard
# input. KIND says whom and as whom: redis, sentinel, check (Redis, as the user
# for checks); -nobody after it is without a password, -wrong with a wrong one.
# Passwords go through the environment of redis-cli, never through arguments.
ask() {
	local kind address port user password
	kind=$1 address=$2
	shift 2

	user='' password=''
	case $kind in
	redis | redis-*) port=$PORT ;;
	sentinel | sentinel-*) port=$SENTINEL_PORT ;;
	check | check-*) port=$PORT user=$CHECK_USER ;;
	*) die "ask: '$kind' is neither redis nor sentinel nor check" ;;
	esac
	case $kind in
	*-nobody) ;;
	*-wrong) password=wrong ;;
	*) read -r password <"$SETTINGS/$kind.password" || die "settings/$kind.password: nothing in it" ;;
	esac
	set -- timeout -s KILL "$ANSWER_SECONDS" redis-cli -t "$CONNECT_SECONDS" \
		-h "$address" -p "$port" ${user:+--user "$user"} "$@"
	if [ -n "$password" ]; then
		REDISCLI_AUTH=$password "$@" 2>&1
	else
		"$@" 2>&1
	fi
}

# What the Sentinel at ADDRESS says of the master: "view ADDRESS MASTER EPOCH
# FLAGS", or nothing.
view_of() {
	local address
	address=$1

	printf 'SENTINEL GET-MASTER-ADDR-BY-NAME %s\nSENTINEL MASTER %s\n' "$MASTER_NAME" "$MASTER_NAME" |
		ask sentinel "$address" | awk -v address="$address" '
			NR == 1 { master = $0 }
			NR > 2 && NR % 2 { key = $0 }
			NR > 2 && NR % 2 == 0 { value[key] = $0 }
			END {
				if (value["config-epoch"] != "")
					print "view", address, master, value["config-epoch"], value["flags"]
			}'
}

# If Redis at ADDRESS says that it is master: "claim ADDRESS REPLICAS".
claim_of() {
	local address
	address=$1

	ask redis "$address" INFO replication </dev/null | tr -d '\r' | awk -F: -v address="$address" '
		$1 == "role" { role = $2 }
		$1 == "connected_slaves" { replicas = $2 }
		END { if (role == "master") print "claim", address, replicas }'
}

# What this host's Sentinel had written down: "file MASTER EPOCH", or nothing.
view_of_file() {
	[ -f "$CONF/sentinel.conf" ] || return 0
	awk -v name="$MASTER_NAME" '
		$1 == "sentinel" && $2 == "monitor" && $3 == name { master = $4 }
		$1 == "sentinel" && $2 == "config-epoch" && $3 == name { epoch = $4 }
		END { if (master != "") print "file", master, epoch + 0 }
	' "$CONF/sentinel.conf"
}

# What this host's Redis had written down: "before MASTER", its own address if
# it was one; nothing on a host that never was part of the cluster.
role_before() {
	[ -f "$CONF/redis.conf" ] || return 0
	awk -v master="$SELF" '
		$1 == "replicaof" || $1 == "slaveof" { master = $2 }
		END { print "before", master }' "$CONF/redis.conf"
}

# Where a new site starts its master.
role_of_inventory() {
	awk 'NR == 1 { master = $2 }
		$3 == "master" && !found { master = $2; found = 1 }
		END { print "inventory", master }' "$SETTINGS/peers"
}

# All that can be known about who is master; decide.awk says what each line is.
facts() {
	local address

	printf 'self %s\n' "$SELF"
	peer_addresses | sed 's/^/peer /'
	role_of_inventory
	role_before
	view_of_file
	for address in $(peer_addresses); do
		view_of "$address"
		[ "$address" = "$SELF" ] || claim_of "$address"
	done
}

# The address of the master that this host has to follow, or to be.
find_master() {
	local start decision
	start=$(date +%s)

	while :; do
		decision=$({
			facts
			printf 'waited %s\n' $(($(date +%s) - start))
		} | awk -f "$BASE/inside/decide.awk")
		say "$decision"
		case $decision in
		"wait: "*) sleep 1 ;;
		"master "*) break ;;
		*) die "who is master: no decision" ;;
		esac
	done
	decision=${decision#master }
	printf '%s\n' "${decision%%:*}"
}
