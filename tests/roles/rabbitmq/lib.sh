# shellcheck shell=dash
# What the tests with RabbitMQ hosts do with them. Sourced behind tests/roles/lib.sh
# and publisher.sh, with FLEET.
# shellcheck disable=SC2154

RUN=${RUN:-dist/keybuzz-rabbitmq.run}
HOSTS='queue-01 queue-02 queue-03'
INSIDE=/opt/keybuzz/rabbitmq/inside

run() { # HOST ARGUMENT..
	local host
	host=$1
	shift
	"$F" ssh "$FLEET" "$host" "./keybuzz-rabbitmq.run $*"
}

deliver() { # [CREDENTIALS]
	local host
	for host in $HOSTS; do
		"$F" scp "$FLEET" "$RUN" "$host:/root/keybuzz-rabbitmq.run" || return 1
		prepare "$FLEET" "$host" || return 1
	done
}

broker() { # HOST WORD..
	local host
	host=$1
	shift
	"$F" exec "$FLEET" "$host" docker exec rabbitmq "$@"
}

# cluster_is HOST..: that many members, all of them running, as each sees it.
cluster_is() {
	local host view
	for host; do
		view=$(broker "$host" "$INSIDE/cluster" 2>&1) || return 1
		same "$(printf '%s\n' "$@" | sort)" \
			"$(printf '%s\n' "$view" | sed -n 's/^running //p' | sort)" || return 1
		same "$(printf '%s\n' "$@" | sort)" \
			"$(printf '%s\n' "$view" | sed -n 's/^member //p' | sort)" || return 1
		! printf '%s\n' "$view" | grep -E '^(partition|maintenance|alarm) ' || return 1
	done
}

whole() {
	# shellcheck disable=SC2086
	cluster_is $HOSTS
}

containers() {
	"$F" exec "$FLEET" "$1" sh -c 'docker inspect -f "{{.Name}} {{.Id}} {{.State.StartedAt}}" rabbitmq
		systemctl show --property MainPID,InvocationID rabbitmq-docker'
}

# Until the others lead what the host led; then it comes back by itself.
power_cut() {
	local cut
	cut=$(date +%s%3N)
	"$F" power-cut "$FLEET" "$1" && within 180 published_after "$((cut + 1000))" &&
		"$F" boot "$FLEET" "$1" && within 300 whole
}

# The host alone stops; nobody can publish to it when nobody else hears it.
partition() {
	local cut
	cut=$(date +%s%3N)
	"$F" partition "$FLEET" "$1" || return 1
	within 180 published_after "$((cut + 1000))" && within 180 paused "$1"
	set -- "$1" $?
	"$F" heal "$FLEET" "$1" && within 300 whole && return "$2"
}

paused() {
	! broker "$1" "$INSIDE/greets" "$(address_of "$1")" 2>/dev/null
}

# The next release: a setting and the release number differ.
next_release() { # COUNTER HEARTBEAT
	rm -rf "$work/site" "$work/next"
	mkdir -p "$work/site" && cp -r manifests payload "$work/site/" &&
		ln -s "$PWD/store" "$work/site/store" &&
		sed -i "s/^counter: .*/counter: $1/" "$work/site/manifests/site.yaml" &&
		sed -i "s/^  heartbeat: .*/  heartbeat: $2/" "$work/site/manifests/roles/rabbitmq.yaml" &&
		build/keybuzz-bundle --site "$work/site/manifests" build rabbitmq -o "$work/next" \
			--key build/dev.key --level 3 || return 1
	for host in $HOSTS; do
		"$F" scp "$FLEET" "$work/next/keybuzz-rabbitmq.run" "$host:/root/keybuzz-rabbitmq.run" || return 1
	done
}

upgraded() { # HEARTBEAT HOST..: these at the same time
	local host heartbeat
	heartbeat=$1
	shift
	install_together "$@" || return 1
	for host; do
		broker "$host" grep -qx "heartbeat = $heartbeat" /opt/keybuzz/rabbitmq/settings/rabbitmq.conf || return 1
	done
	within 120 whole
}

one_by_one() { # HEARTBEAT
	local host
	for host in $HOSTS; do
		upgraded "$1" "$host" || return 1
	done
}
