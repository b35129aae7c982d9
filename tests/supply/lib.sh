# shellcheck shell=dash
# What the tests of image supply share: a site to try things on, results that
# are counted, a registry on the loopback.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$(cd "$here/../.." && pwd) || exit 1
kb=${KEYBUZZ_BUNDLE:-${BUILD:-$root/build}/keybuzz-bundle}
work=$(mktemp -d "${TMPDIR:-/tmp}/keybuzz-images.XXXXXX") || exit 1
registry_pid=
server_pid=
passed=0
failed=0

cleanup() {
	[ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# report STATUS NAME: count a result; a failure shows the last output.
report() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok   %s\n' "$2"
		return 0
	fi
	failed=$((failed + 1))
	printf 'FAIL %s\n' "$2"
	[ ! -s "$work/out" ] || sed 's/^/     | /' "$work/out"
	return 1
}

# expect STATUS NAME COMMAND..: the command exits so.
expect() {
	local want name got
	want=$1 name=$2
	shift 2
	"$@" >"$work/out" 2>&1
	got=$?
	[ "$got" -eq "$want" ]
	report $? "$name (exit $got, wanted $want)"
}

# says TEXT NAME: the last command did.
says() {
	grep -q -F -- "$1" "$work/out"
	report $? "$2"
}

finish() {
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ]
	exit
}

# need TOOL..: without them there is nothing to test.
need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || {
			printf '%s is missing; run: make deps\n' "$tool" >&2
			exit 1
		}
	done
	[ -x "$kb" ] || {
		printf '%s is missing; run: make\n' "$kb" >&2
		exit 1
	}
}

# new_site DIR: a site without roles, images.yaml from standard input.
new_site() {
	mkdir -p "$1/manifests/roles" "$1/payload/lib"
	cp "$root/manifests/site.yaml" "$root/manifests/servers.tsv" "$1/manifests/"
	cat >"$1/manifests/images.yaml"
}

# keybuzz SITE STORE VERB..: the builder on it.
keybuzz() {
	local site store
	site=$1 store=$2
	shift 2
	"$kb" --site "$site/manifests" --store "$store" "$@"
}

# The same without any network but a dead loopback.
keybuzz_offline() {
	unshare --net "$kb" --site "$1/manifests" --store "$2" "$3"
}

# locked SITE IMAGE KEY: what the lock says.
locked() {
	awk -v image="  $2:" -v key="      $3:" '
		/^  [^ ]/ { inside = index($0, image) == 1 }
		inside && index($0, key) == 1 { print $2; exit }' "$1/manifests/lock/images.yaml"
}

# record STORE: the derived record of the only image in a store.
record() {
	grep -l '^keybuzz image ' "$1"/derived/* | head -n 1
}

# blob STORE DIGEST: where it lies.
blob() {
	printf '%s/sha256/%.2s/%s\n' "$1" "$2" "${2#??}"
}

digest() {
	sha256sum "$1" | cut -d ' ' -f 1
}

# start_registry DIR [HTPASSWD]: docker-registry on a port the kernel chose, so
# that two runs at once never meet; sets registry. With HTPASSWD only whom that
# file names is let in.
start_registry() {
	local port
	mkdir -p "$1"
	cat >"$1/config.yml" <<-END
		version: 0.1
		log: {level: info, accesslog: {disabled: true}}
		storage:
		  filesystem: {rootdirectory: $1/data}
		  delete: {enabled: true}
		http: {addr: "127.0.0.1:0"}
		${2:+auth: {htpasswd: {realm: test, path: $2\}\}}
	END
	: >"$1/log" # what the one before said is not taken for its port
	docker-registry serve "$1/config.yml" >"$1/log" 2>&1 &
	registry_pid=$!
	says_port "$1/log" 's/.*listening on [^ "]*:\([0-9][0-9]*\).*/\1/p' "$registry_pid" || exit 1
	# shellcheck disable=SC2034 # for whoever sourced this
	registry=127.0.0.1:$port
}

stop_registry() {
	kill "$registry_pid"
	wait "$registry_pid" 2>/dev/null
	registry_pid=
}

# start_server FOLDER [OPTION..]: our HTTP server, see server.py; sets server.
start_server() {
	local port folder
	folder=$1
	shift
	: >"$work/server.log" # what the one before said is not taken for its port
	python3 "$here/server.py" "$folder" "$@" >"$work/server.log" 2>&1 &
	server_pid=$!
	says_port "$work/server.log" 's/^port \([0-9]*\)$/\1/p' "$server_pid" || exit 1
	# shellcheck disable=SC2034 # for whoever sourced this
	server=127.0.0.1:$port
}

stop_server() {
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null
	server_pid=
}

# says_port LOG SED PID: what a server wrote when it was listening; sets port.
says_port() {
	local left
	left=600
	while [ "$left" -gt 0 ] && kill -0 "$3" 2>/dev/null; do
		port=$(sed -n "$2" "$1" | head -n 1)
		[ -z "$port" ] || return 0
		left=$((left - 1))
		sleep 0.1
	done
	cat "$1" >&2
	return 1
}

# put_blob LAYOUT FILE: into an OCI layout; prints its digest.
put_blob() {
	local d
	d=$(digest "$2")
	mkdir -p "$1/blobs/sha256"
	cp "$2" "$1/blobs/sha256/$d"
	printf '%s\n' "$d"
}

size() {
	stat -c %s "$1"
}

# make_image LAYOUT ARCH TEXT: an image of two layers, gzip and zstd (or what
# $second says), in an OCI layout; prints the manifest's digest. Its diffIDs are left in LAYOUT.ARCH.
make_image() {
	local dir arch one two config manifest tree
	dir=$1 arch=$2 tree=$work/tree
	rm -rf "$tree"
	mkdir -p "$tree/one" "$tree/two"
	printf 'one %s\n' "$3" >"$tree/one/file"
	head -c 300000 /dev/zero >"$tree/two/zeroes"
	printf 'two %s %s\n' "$3" "$arch" >"$tree/two/file"
	tar -C "$tree" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$tree/1.tar" one
	tar -C "$tree" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$tree/2.tar" two
	gzip -n -c "$tree/1.tar" >"$tree/1.tar.gz"
	${second:-zstd -q} -c "$tree/2.tar" >"$tree/2.tar.zst"
	printf '%s\n' "$(digest "$tree/1.tar")" "$(digest "$tree/2.tar")" >"$dir.$arch"
	one=$(put_blob "$dir" "$tree/1.tar.gz")
	two=$(put_blob "$dir" "$tree/2.tar.zst")
	printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' \
		"$arch" "$(sed -n 1p "$dir.$arch")" "$(sed -n 2p "$dir.$arch")" >"$tree/config"
	config=$(put_blob "$dir" "$tree/config")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%s","size":%d},{"mediaType":"application/vnd.oci.image.layer.v1.tar+%s","digest":"sha256:%s","size":%d}]}' \
		"$config" "$(size "$tree/config")" "$one" "$(size "$tree/1.tar.gz")" \
		"$(expr "${second:-zstd}" : '\([a-z]*\)')" "$two" "$(size "$tree/2.tar.zst")" >"$tree/manifest"
	manifest=$(put_blob "$dir" "$tree/manifest")
	printf '%s\n' "$config" >"$dir.$arch.config"
	printf '%s\n' "$manifest" >"$dir.$arch.manifest"
	printf '%s\n' "$manifest"
}

# descriptor LAYOUT DIGEST ARCH: for an index.
descriptor() {
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"platform":{"architecture":"%s","os":"linux"}}' \
		"$2" "$(size "$1/blobs/sha256/$2")" "$3"
}

# make_index LAYOUT TEXT: an image for two machines, as the only entry of the
# layout's own index; prints the inner index' digest.
make_index() {
	local dir ours theirs inner
	dir=$1
	ours=$(make_image "$dir" amd64 "$2")
	theirs=$(make_image "$dir" arm64 "$2")
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s,%s]}' \
		"$(descriptor "$dir" "$theirs" arm64)" "$(descriptor "$dir" "$ours" amd64)" \
		>"$work/inner"
	inner=$(put_blob "$dir" "$work/inner")
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%s","size":%d}]}' \
		"$inner" "$(size "$work/inner")" >"$dir/index.json"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	printf '%s\n' "$inner"
}
