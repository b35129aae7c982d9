# shellcheck shell=dash
# What the scripts inside the container share: settings, and the environment
# that the server and its tools find their files by. Paths are the same inside
# and outside. No secret is in the environment.

BASE=/opt/keybuzz/rabbitmq
SETTINGS=$BASE/settings
DATA=$BASE/data
# shellcheck disable=SC2034
STATE=$BASE/state

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

# The names of the role's hosts, own one included.
peer_names() {
	local name _

	while read -r name _; do
		printf '%s\n' "$name"
	done <"$SETTINGS/peers"
}

load_settings() {
	SELF=$(setting name) || exit 1
	ADDRESS=$(setting address) || exit 1
	DISTRIBUTION_PORT=$(setting distribution-port) || exit 1
	TICKTIME=$(setting net-ticktime) || exit 1
	NODE=rabbit@$SELF
	# shellcheck disable=SC2034
	NODE_DIR=$DATA/mnesia/$NODE
}

# The cookie is read from HOME. Names are short ones, whatever the host's is.
set_environment() {
	local bind
	bind="{$(printf '%s' "$ADDRESS" | tr . ,)}"

	export HOME="$DATA" LC_ALL=C.UTF-8
	export ERL_EPMD_ADDRESS="$ADDRESS" ERL_CRASH_DUMP=/dev/null
	export RABBITMQ_NODENAME="$NODE" RABBITMQ_DIST_PORT="$DISTRIBUTION_PORT"
	export RABBITMQ_CONF_ENV_FILE=/dev/null
	export RABBITMQ_CONFIG_FILE="$SETTINGS/rabbitmq.conf"
	export RABBITMQ_ENABLED_PLUGINS_FILE="$SETTINGS/enabled_plugins"
	export RABBITMQ_MNESIA_BASE="$DATA/mnesia" RABBITMQ_LOGS=-
	export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface $bind -kernel net_ticktime $TICKTIME"
	# Tools talk to nodes, nobody talks to them.
	export RABBITMQ_CTL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
	PATH=/usr/lib/rabbitmq/bin:$PATH
	export PATH
}

load_settings
set_environment
