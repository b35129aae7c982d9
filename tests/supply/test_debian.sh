#!/bin/sh
# shellcheck shell=dash
# Images from Debian packages: locked once, made twice, the same bytes; made
# again without a network from what the store holds; anything else refused.
set -u
# shellcheck source=tests/supply/lib.sh
. "$(dirname "$0")/lib.sh"

lock=manifests/lock/images.yaml

# line SITE PACKAGE: of the lock: NAME VERSION ARCHITECTURE SIZE SHA256 PATH.
line() {
	sed -n "s/^ *- \\($2 .*\\)/\\1/p" "$1/$lock" | head -n 1
}

sha_of() {
	line "$1" "$2" | cut -d ' ' -f 5
}

same_lock() {
	new_site "$work/a" <<-END
		images:
		  tiny:
		    debian:
		      suite: trixie
		      packages: [media-types]
		      user: "65534:65534"
		      env: {LANG: C.UTF-8}
		      cmd: [/usr/bin/true]
		  tiny-too:
		    debian:
		      suite: trixie
		      packages: [netbase]
	END
	expect 0 'lock' keybuzz "$work/a" "$work/a/store" lock
	cp "$work/a/$lock" "$work/lock"
	expect 0 'lock again, offline' keybuzz_offline "$work/a" "$work/a/store" lock
	cmp -s "$work/lock" "$work/a/$lock"
	report $? 'locking twice writes the same file'
	rm "$work/a/$lock"
	expect 0 'lock from nothing' keybuzz "$work/a" "$work/a/store" lock
	cmp -s "$work/lock" "$work/a/$lock"
	report $? 'so does locking from nothing'
	expect 0 'lock --check' keybuzz "$work/a" "$work/a/store" lock --check
	! line "$work/a" apt | grep -q .
	report $? 'apt is not in an image'
}

# A mirror of our own, entire but for the signature.
unsigned_index() {
	local dists suite
	dists=$work/mirror/dists
	for suite in trixie trixie-updates; do
		mkdir -p "$dists/$suite/main/binary-amd64"
		printf 'Package: media-types\nVersion: 666\nArchitecture: all\nEssential: yes\nFilename: pool/x.deb\nSize: 1\nSHA256: %064d\n\n' 7 \
			>"$dists/$suite/main/binary-amd64/Packages"
		printf 'Suite: %s\nCodename: %s\nArchitectures: amd64\nComponents: main\nDate: %s\nSHA256:\n %s %d main/binary-amd64/Packages\n' \
			"$suite" "$suite" "$(date -u -R)" "$(digest "$dists/$suite/main/binary-amd64/Packages")" \
			"$(size "$dists/$suite/main/binary-amd64/Packages")" >"$dists/$suite/Release"
	done
	start_server "$work/mirror"
	new_site "$work/u" <"$work/a/manifests/images.yaml"
	sed -i "s|^mirror:.*|mirror: http://$server|" "$work/u/manifests/site.yaml"
	expect 51 'an index that is not signed' keybuzz "$work/u" "$work/u/store" lock
	says 'is not signed' 'apt says so'
	expect 51 'a mirror that is out of reach' keybuzz_offline "$work/u" "$work/u/store" lock
	[ ! -e "$work/u/$lock" ] && [ -z "$(ls -A "$work/u/store/tmp")" ]
	report $? 'no lock and no scratch is left'
}

stale_lock() {
	sed -i 's/netbase/netcat-openbsd/' "$work/a/manifests/images.yaml"
	expect 22 'fetch with a stale lock' keybuzz "$work/a" "$work/a/store" fetch
	says 'images.yaml:9:3: image tiny-too was changed after it was locked: package netcat-openbsd is new' 'the place is named'
	sed -i 's/netcat-openbsd/netbase/' "$work/a/manifests/images.yaml"
	sed -i 's/cmd: .*/cmd: [\/usr\/bin\/false]/' "$work/a/manifests/images.yaml"
}

twice() {
	expect 0 'fetch' keybuzz "$work/a" "$work/a/store" fetch
	says '2 images (2 made)' 'both were made'
	(
		umask 077
		export TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 SOURCE_DATE_EPOCH=1 HOME=/nonexistent
		mkdir -p "$work/another place"
		expect 0 'fetch elsewhere' keybuzz "$work/a" "$work/another place/store" fetch
	)
	diff -r "$work/a/store/derived" "$work/another place/store/derived" >"$work/out"
	report $? 'made twice, the records are the same'
	diff -rq "$work/a/store/sha256" "$work/another place/store/sha256" >"$work/out"
	report $? 'and every byte'
	[ "$(cat "$work"/a/store/derived/* | grep '^layer' | sort | uniq -c |
		awk '$1 == 3' | wc -l)" -eq 1 ]
	report $? 'the lower layer is shared'
}

# tiny_record: the derived record of the image tiny.
tiny_record() {
	local file config
	for file in "$work"/a/store/derived/*; do
		config=$(blob "$work/a/store" "$(sed -n 's/^config //p' "$file")")
		[ -e "$config" ] && grep -q -F /usr/bin/false "$config" && printf '%s\n' "$file"
	done
}

# The lower layer and the upper one, put together as an engine does.
put_together() {
	local layer record config
	record=$(tiny_record)
	config=$(blob "$work/a/store" "$(sed -n 's/^config //p' "$record")")
	grep -q '"Cmd":\["/usr/bin/false"\],"Env":\["LANG=C.UTF-8"\],"User":"65534:65534"' "$config"
	report $? 'the config says how it is run'
	mkdir "$work/rootfs"
	sed -n 's/^layer \([0-9a-f]*\) .*/\1/p' "$record" | while read -r layer; do
		tar -C "$work/rootfs" -xf "$(blob "$work/a/store" "$layer")"
	done
	expect 0 'a program runs in it' chroot "$work/rootfs" /usr/bin/env true
	expect 0 'its packages are whole' chroot "$work/rootfs" dpkg --audit
	# shellcheck disable=SC2016 # dpkg-query's own variables
	chroot "$work/rootfs" dpkg-query -W -f '${Package} ${Version}\n' | sort >"$work/installed"
	sed -n '/^  tiny:/,/^  tiny-too:/s/^ *- \([^ ]* [^ ]*\) .*/\1/p' "$work/a/$lock" | sort |
		diff - "$work/installed" >"$work/out"
	report $? 'installed is what is locked'
	[ -e "$work/rootfs/etc/mime.types" ] && [ -e "$work/rootfs/usr/share/doc/media-types/copyright" ]
	report $? 'content and licence are there'
	find "$work/rootfs" \( -path '*/var/log/*' -o -path '*/usr/share/man/*' -o -name '*.pyc' \
		-o -name machine-id -o -name resolv.conf -o -name '*-old' \) -type f |
		grep . >"$work/out"
	[ $? -eq 1 ]
	report $? 'traces and manuals are not'
}

offline() {
	expect 0 'fetch with a complete store, offline' keybuzz_offline "$work/a" "$work/a/store" fetch
	says '2 images (0 made), ' 'nothing was made'
	rm -f "$(tiny_record)"
	expect 0 'make again from the packages, offline' keybuzz_offline "$work/a" "$work/a/store" fetch
	diff -r "$work/a/store/derived" "$work/another place/store/derived" >"$work/out"
	report $? 'the same again'
}

damage() {
	local file sha
	sha=$(sha_of "$work/a" media-types)
	file=$(blob "$work/a/store" "$sha")
	chmod u+w "$file"
	printf X | dd of="$file" bs=1 seek=600 conv=notrunc 2>"$work/out"
	expect 0 'fetch with a damaged package' keybuzz "$work/a" "$work/a/store" fetch
	says 'media-types' 'it is named'
	[ "$(digest "$file")" = "$sha" ]
	report $? 'and is right again'
	head -c 3000 "$file" >"$work/a/store/partial/$sha"
	rm -f "$file"
	expect 0 'continue a download' keybuzz "$work/a" "$work/a/store" fetch
	[ "$(digest "$file")" = "$sha" ]
	report $? 'and it is entire'
	head -c 3000 /dev/zero >"$work/a/store/partial/$sha"
	rm -f "$file"
	expect 0 'continue from a part that is wrong' keybuzz "$work/a" "$work/a/store" fetch
	says 'fetched again' 'it was thrown away'
	[ "$(digest "$file")" = "$sha" ]
	report $? 'and fetched anew'
}

# mutate SED: the lock, by hand; the store without media-types.
mutate() {
	cp "$work/lock" "$work/a/$lock"
	sed -i "$1" "$work/a/$lock"
	rm -f "$(blob "$work/a/store" "$(sed -n 's/^ *- media-types [^ ]* [^ ]* [^ ]* \([^ ]*\) .*/\1/p' \
		"$work/lock")")"
}

refused() {
	mutate '/- media-types/s/_all\.deb/_none.deb/'
	expect 51 'a package the mirror no longer has' keybuzz "$work/a" "$work/a/store" fetch
	says 'lock --update tiny' 'it says to lock again'
	mutate "/- media-types/s/ [0-9a-f]\\{64\\} / $(printf '%064d' 7) /"
	expect 20 'a package with another digest' keybuzz "$work/a" "$work/a/store" fetch
	says 'media-types' 'it is named'
	mutate '/- media-types/s/ pool/ ..\/pool/'
	expect 22 'a path that leads upwards' keybuzz "$work/a" "$work/a/store" fetch
	mutate '/- bash /s/- bash/- zz-bash/'
	expect 22 'a lock out of order' keybuzz "$work/a" "$work/a/store" fetch
	mutate 's/^    inputs:.*/&\n    extra: 1/'
	expect 22 'an unknown key in the lock' keybuzz "$work/a" "$work/a/store" fetch
	mutate '/- libc6 /d'
	expect 51 'a set that cannot be installed' keybuzz "$work/a" "$work/a/store" fetch
	[ -z "$(ls -A "$work/a/store/tmp")" ]
	report $? 'no scratch is left'
}

stopped() {
	local pid left
	cp "$work/lock" "$work/a/$lock"
	rm -f "$(tiny_record)"
	keybuzz "$work/a" "$work/a/store" fetch >"$work/out" 2>&1 &
	pid=$!
	left=300
	while [ "$left" -gt 0 ] && ! ls -d "$work"/a/store/tmp/run-*/*/tmp/mmdebstrap.* >"$work/ls" 2>&1; do
		left=$((left - 1))
		sleep 0.1
	done
	# keybuzz is a function: the builder is the child of its shell
	kill -TERM "$(ps -o pid= --ppid "$pid" | head -n 1)"
	wait "$pid"
	[ $? -eq 70 ]
	report $? 'stopped by a signal it ends with 70'
	[ -z "$(ls -A "$work/a/store/tmp")" ]
	report $? 'and leaves no scratch'
	expect 0 'the same command continues' keybuzz_offline "$work/a" "$work/a/store" fetch
	diff -r "$work/a/store/derived" "$work/another place/store/derived" >"$work/out"
	report $? 'to the same images'
}

need mmdebstrap apt-get curl unshare python3
same_lock
unsigned_index
stale_lock
twice
put_together
offline
damage
refused
stopped
finish
