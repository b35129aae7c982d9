#!/bin/sh
# shellcheck shell=dash
# Images from a registry, an archive and a layout: what is locked is what is
# stored, layer by layer, and nothing else gets in.
set -u
# shellcheck source=tests/supply/lib.sh
. "$(dirname "$0")/lib.sh"

push() {
	skopeo copy --quiet --insecure-policy --dest-tls-verify=false --all "oci:$1" \
		"docker://$registry/test/$2" >"$work/out" 2>&1
	report $? "push $2"
}

check_layers() {
	local store arch name diff
	store=$1 arch=$2 name=$3
	while read -r diff; do
		[ "$(digest "$(blob "$store" "$diff")")" = "$diff" ] &&
			grep -q "^layer $diff " "$(record "$store")"
		report $? "$name: layer ${diff%"${diff#????????}"} is stored plain under its diffID"
	done <"$work/layout.$arch"
	grep -q "^config $(cat "$work/layout.$arch.config")$" "$(record "$store")"
	report $? "$name: the record names the config"
}

registry_image() {
	local index
	index=$(make_index "$work/layout" first)
	push "$work/layout" one:1.0
	new_site "$work/a" <<-END
		images:
		  one:
		    registry: $registry/test/one:1.0
	END
	expect 50 'fetch without a lock' keybuzz "$work/a" "$work/a/store" fetch
	says 'keybuzz-bundle lock' 'it says to lock'
	expect 0 'lock' keybuzz "$work/a" "$work/a/store" lock
	[ "$(locked "$work/a" one index)" = "$index" ]
	report $? 'the index is locked'
	[ "$(locked "$work/a" one manifest)" = "$(cat "$work/layout.amd64.manifest")" ]
	report $? 'the manifest for our machine is locked'
	[ "$(locked "$work/a" one image)" = "$(cat "$work/layout.amd64.config")" ]
	report $? 'the image id is locked'
	expect 0 'fetch' keybuzz "$work/a" "$work/a/store" fetch
	check_layers "$work/a/store" amd64 registry
	expect 0 'fetch again, offline' keybuzz_offline "$work/a" "$work/a/store" fetch
	says '1 images (0 made)' 'nothing was made'
}

moved_tag() {
	cp "$work/a/manifests/lock/images.yaml" "$work/before"
	mv "$work/layout" "$work/first"
	make_index "$work/layout" second >"$work/out"
	push "$work/layout" one:1.0
	expect 0 'lock again' keybuzz "$work/a" "$work/a/store" lock
	cmp -s "$work/before" "$work/a/manifests/lock/images.yaml"
	report $? 'a tag that moved changes no lock'
	expect 22 'lock --check' keybuzz "$work/a" "$work/a/store" lock --check
	says 'one: outdated' 'it names the image'
	cmp -s "$work/before" "$work/a/manifests/lock/images.yaml"
	report $? '--check wrote nothing'
	expect 0 'fetch into a new store' keybuzz "$work/a" "$work/a/store2" fetch
	cmp -s "$(record "$work/a/store")" "$(record "$work/a/store2")"
	report $? 'what was locked is fetched, not what the tag says now'
	expect 0 'lock --update' keybuzz "$work/a" "$work/a/store" lock --update one
	expect 0 'lock --check' keybuzz "$work/a" "$work/a/store" lock --check
	expect 0 'fetch the update' keybuzz "$work/a" "$work/a/store3" fetch
	check_layers "$work/a/store3" amd64 updated
	expect 2 'lock --update of nobody' keybuzz "$work/a" "$work/a/store" lock --update nobody
}

damaged_store() {
	local diff file
	diff=$(sed -n 1p "$work/layout.amd64")
	file=$(blob "$work/a/store3" "$diff")
	chmod u+w "$file"
	printf X | dd of="$file" bs=1 seek=600 conv=notrunc 2>"$work/out"
	expect 0 'fetch with a damaged layer' keybuzz "$work/a" "$work/a/store3" fetch
	says "$diff" 'it is named'
	[ "$(digest "$file")" = "$diff" ]
	report $? 'and is right again'
	rm "$file"
	expect 51 'a missing layer, offline' keybuzz_offline "$work/a" "$work/a/store3" fetch
	expect 0 'a missing layer' keybuzz "$work/a" "$work/a/store3" fetch
	[ "$(digest "$file")" = "$diff" ]
	report $? 'it is fetched'
}

damaged_registry() {
	local diff at
	at=$(find "$work/registry/data" -path "*$(sha_of_layer)/data")
	[ -n "$at" ]
	report $? 'the registry has the layer'
	printf X | dd of="$at" bs=1 seek=20 conv=notrunc 2>"$work/out"
	expect 51 'a registry that hands out other bytes' keybuzz "$work/a" "$work/a/store4" fetch
	diff=$(find "$work/a/store4/derived" -type f)
	[ -z "$diff" ]
	report $? 'nothing was recorded'
	stop_registry
	expect 51 'a registry that is gone' keybuzz "$work/a" "$work/a/store5" fetch
	[ -z "$(ls -A "$work/a/store5/tmp")" ]
	report $? 'no scratch is left'
}

sha_of_layer() {
	sed 's/.*"layers":\[{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/' \
		"$work/layout/blobs/sha256/$(cat "$work/layout.amd64.manifest")"
}

other_machine() {
	new_site "$work/arm" <"$work/a/manifests/images.yaml"
	sed -i 's/^arch:.*/arch: aarch64/' "$work/arm/manifests/site.yaml"
	expect 0 'lock for another machine' keybuzz "$work/arm" "$work/arm/store" lock
	[ "$(locked "$work/arm" one manifest)" = "$(cat "$work/layout.arm64.manifest")" ]
	report $? 'the manifest for that machine is locked'
	[ "$(locked "$work/arm" one index)" = "$(locked "$work/a" one index)" ]
	report $? 'of the same index'
	sed -i 's/^arch:.*/arch: s390x/' "$work/arm/manifests/site.yaml"
	rm "$work/arm/manifests/lock/images.yaml"
	refused_lock 'a machine that the index has not' "$work/arm" 22
	says s390x 'it is named'
}

# refused_lock NAME SITE STATUS: and it leaves no file.
refused_lock() {
	expect "$3" "$1" keybuzz "$2" "$2/store" lock
	[ ! -e "$2/manifests/lock/images.yaml" ]
	report $? "$1: no lock is left"
}

# auth_file FILE PASSWORD: as 'skopeo login --authfile' writes it.
auth_file() {
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$registry" "$(printf 'builder:%s' "$2" | base64)" >"$1"
	chmod 600 "$1"
}

# Who is let in is in the file that podman, skopeo and docker share, and its
# password stays there.
login() {
	local password
	password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
	# shellcheck disable=SC2016 # a salt
	printf 'builder:%s\n' "$(perl -e 'print crypt($ARGV[0], q($2b$05$abcdefghijklmnopqrstuu))' \
		"$password")" >"$work/htpasswd"
	start_registry "$work/private" "$work/htpasswd"
	mkdir -p "$work/home/.docker" "$work/nobody"
	auth_file "$work/auth.json" "$password"
	auth_file "$work/home/.docker/config.json" "$password"
	auth_file "$work/wrong.json" "x$password"
	export HOME="$work/nobody" REGISTRY_AUTH_FILE="$work/auth.json"
	unset DOCKER_CONFIG XDG_RUNTIME_DIR
	push "$work/layout" one:1.0
	new_site "$work/l" <<-END
		images:
		  one:
		    registry: $registry/test/one:1.0
	END
	unset REGISTRY_AUTH_FILE
	refused_lock 'nobody logged in' "$work/l" 51
	says 'images.yaml:2:3: ' 'the place is named'
	export REGISTRY_AUTH_FILE="$work/wrong.json"
	refused_lock 'a wrong password' "$work/l" 51
	says 'unauthorized' 'it says so'
	export REGISTRY_AUTH_FILE="$work/auth.json"
	expect 0 'lock with REGISTRY_AUTH_FILE' keybuzz "$work/l" "$work/l/store" lock
	expect 0 'fetch with REGISTRY_AUTH_FILE' keybuzz "$work/l" "$work/l/store" fetch
	check_layers "$work/l/store" amd64 private
	unset REGISTRY_AUTH_FILE
	rm "$work/l/manifests/lock/images.yaml"
	expect 0 'lock with ~/.docker/config.json' env HOME="$work/home" \
		"$kb" --site "$work/l/manifests" --store "$work/l/store" lock
	grep -r -l -e "$password" -e "$(printf 'builder:%s' "$password" | base64)" "$work/l" "$work/out"
	[ $? -eq 1 ]
	report $? 'the password is in no file of the site or the store'
	stop_registry
}

files() {
	new_site "$work/b" <<-END
		images:
		  folder:
		    oci: layout
	END
	cp -R "$work/layout" "$work/b/manifests/layout"
	expect 0 'lock a layout' keybuzz_offline "$work/b" "$work/b/store" lock
	expect 0 'fetch a layout' keybuzz_offline "$work/b" "$work/b/store" fetch
	check_layers "$work/b/store" amd64 layout
}

archives() {
	local form
	# shellcheck disable=SC2034 # make_index reads it
	second='gzip -n'
	make_index "$work/plain" third >"$work/out"
	for form in docker oci; do
		new_site "$work/$form" <<-END
			images:
			  packed:
			    archive: packed.tar
		END
		if [ "$form" = docker ]; then
			skopeo copy --quiet --insecure-policy --override-arch amd64 "oci:$work/plain" \
				"docker-archive:$work/docker/manifests/packed.tar:test/packed:1" \
				>"$work/out" 2>&1
		else
			tar -C "$work/plain" -cf "$work/oci/manifests/packed.tar" .
		fi
		report $? "pack a $form archive"
		archive "$form"
	done
}

archive() {
	local form
	form=$1
	expect 0 "$form archive: lock" keybuzz_offline "$work/$form" "$work/$form/store" lock
	[ "$(locked "$work/$form" packed sha256)" = "$(digest "$work/$form/manifests/packed.tar")" ]
	report $? "$form archive: its digest is locked"
	expect 0 "$form archive: fetch" keybuzz_offline "$work/$form" "$work/$form/store" fetch
	grep "^layer" "$(record "$work/$form/store")" | cut -d ' ' -f 2 | cmp -s - "$work/plain.amd64"
	report $? "$form archive: the layers are the image's"
	printf X >>"$work/$form/manifests/packed.tar"
	expect 20 "$form archive: changed after lock" \
		keybuzz_offline "$work/$form" "$work/$form/store2" fetch
	says 'lock --update packed' "$form archive: it says what to do"
}

# 300 MB through 64 MB of address space that may be touched: streamed.
memory() {
	local peak
	mkdir -p "$work/bigtree"
	head -c 300000000 /dev/urandom >"$work/bigtree/file"
	new_site "$work/d" <<-END
		images:
		  big:
		    archive: big.tar
	END
	tar -C "$work/bigtree" -cf "$work/layer.tar" file
	printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(digest "$work/layer.tar")" >"$work/config.json"
	printf '[{"Config":"config.json","Layers":["layer.tar"]}]' >"$work/manifest.json"
	tar -C "$work" -cf "$work/d/manifests/big.tar" layer.tar config.json manifest.json
	rm -rf "$work/bigtree" "$work/layer.tar"
	expect 0 'lock 300 MB' keybuzz "$work/d" "$work/d/store" lock
	python3 - "$kb" "$work/d" >"$work/peak" 2>"$work/out" <<-'END'
		import resource, subprocess, sys
		kb, d = sys.argv[1:]
		rc = subprocess.call([kb, "--site", d + "/manifests", "--store", d + "/store", "--quiet", "fetch"])
		print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if rc == 0 else 10**9)
	END
	peak=$(cat "$work/peak")
	[ "$peak" -lt 65536 ]
	report $? "fetch 300 MB with $peak KiB of memory"
}

need skopeo docker-registry curl zstd python3 unshare
start_registry "$work/registry"
registry_image
other_machine
moved_tag
damaged_store
files
archives
damaged_registry
login
memory
finish
