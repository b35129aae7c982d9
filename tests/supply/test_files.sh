#!/bin/sh
# shellcheck shell=dash disable=SC2317 # some are called through expect
# Pinned files, by URL and by path: locked by digest, continued when the
# connection breaks, verified before they are kept, carried for the roles that
# name them, with their licence.
set -u
# shellcheck source=tests/supply/lib.sh
. "$(dirname "$0")/lib.sh"

www=$work/www
s=$work/a
lock=$s/manifests/lock/files.yaml

put_file() {
	head -c "$2" /dev/urandom >"$www/$1"
}

# site: three files, and a role that names them.
make_site() {
	"$root/tests/repro/make-site" "$s"
	mkdir "$s/manifests/files"
	printf 'a list\n' >"$s/manifests/files/list.txt"
	cat >"$s/manifests/files.yaml" <<-END
		files:
		  exporter.jar:
		    url: "http://$server/exporter.jar?version=1"
		    licence: Apache-2.0
		  tool:
		    url: http://$server/tool
		    sha256: $(digest "$www/tool")
		    licence: GPL-2.0-or-later
		    mode: "0755"
		  list.txt: {path: files/list.txt, licence: NOASSERTION}
	END
	sed -i 's|^steps:|files: [pinned/exporter.jar, pinned/list.txt]\nsteps:\n  - {id: tool, file: pinned/tool, to: /opt/keybuzz/web/tool, mode: "0755"}|' \
		"$s/manifests/roles/web.yaml"
}

locked_file() {
	awk -v name="  $1:" '/^  [^ ]/ { in_it = $0 == name } in_it && $1 == "sha256:" { print $2 }' "$lock"
}

kb_() {
	keybuzz "$s" "$s/store" "$@"
}

locking() {
	expect 0 'lock' kb_ lock
	[ "$(locked_file exporter.jar)" = "$(digest "$www/exporter.jar")" ]
	report $? 'a URL without a digest gets one'
	[ "$(locked_file list.txt)" = "$(digest "$s/manifests/files/list.txt")" ]
	report $? 'so does a path'
	! grep -q '^GET /tool' "$work/requests"
	report $? 'a URL with a digest is not asked for'
	cp "$lock" "$work/lock"
	expect 0 'lock again, offline' keybuzz_offline "$s" "$s/store" lock
	cmp "$work/lock" "$lock" >"$work/out"
	report $? 'locking twice gives the same bytes'
	expect 0 'lock --check' kb_ lock --check
}

building() {
	expect 50 'build before fetch' build
	says 'run: keybuzz-bundle fetch' 'it says to fetch'
	expect 0 'fetch' kb_ fetch
	says '3 files' 'it counts them'
	expect 0 'fetch again, offline' keybuzz_offline "$s" "$s/store" fetch
	expect 0 'build, offline' unshare --net "$kb" --site "$s/manifests" --store "$s/store" build \
		-o "$s/dist" --key "$work/key.key"
	expect 0 'extract' "$kb" extract "$s/dist/keybuzz-web.run" -C "$work/x" --trust-dir "$work/trust"
	for f in exporter.jar tool; do
		cmp "$www/$f" "$(find "$work/x" -path "*/pinned/$f")" >"$work/out"
		report $? "$f is carried"
	done
	[ "$(stat -c %a "$(find "$work/x" -path '*/pinned/tool')")" = 755 ]
	report $? 'a program is one after extract, too'
	sed 's/mode: "0755"/mode: "0644"/' "$s/manifests/files.yaml" >"$work/files.yaml"
	cp "$s/manifests/files.yaml" "$work/good.yaml"
	mv "$work/files.yaml" "$s/manifests/files.yaml"
	expect 0 'build with another mode' build
	cp "$s/dist/keybuzz-web.run" "$work/narrow.run"
	mv "$work/good.yaml" "$s/manifests/files.yaml"
	expect 0 'build again' build
	"$kb" diff "$work/narrow.run" "$s/dist/keybuzz-web.run" --trust-dir "$work/trust" >"$work/out" 2>&1
	grep -A3 'pinned/tool' "$work/out" | grep -q 0755
	report $? 'with its mode'
	! "$kb" list "$s/dist/keybuzz-cache.run" --trust-dir "$work/trust" | grep -q pinned
	report $? 'and not by a role that does not name it'
	[ "$(jq -r '.files[] | select(.fileName == "./pinned/tool") | .licenseConcluded' \
		"$s/dist/sbom/web.spdx.json")" = GPL-2.0-or-later ]
	report $? 'the SBOM has its licence'
	expect 0 'the SBOM is valid' "$root/tests/evidence/check-spdx" "$s/dist/sbom/web.spdx.json"
	grep -q "$(digest "$lock")" "$s/dist/provenance.intoto.json"
	report $? 'the provenance names the lock'
	expect 0 'rebuild' "$kb" --store "$s/store" rebuild --check "$s/dist/keybuzz-web.run" \
		--trust-dir "$work/trust"
}

# A bundle that would come out the same is left, unless somebody touched it.
building_again() {
	local bundle inode
	bundle=$s/dist/keybuzz-web.run
	inode=$(stat -c %i "$bundle")
	cp -p "$bundle" "$work/good.run"
	expect 0 'build what is built' build
	[ "$(stat -c %i "$bundle")" = "$inode" ]
	report $? 'it is not written again'
	(cd "$s/dist" && sha256sum --quiet -c SHA256SUMS) >"$work/out" 2>&1
	report $? 'the sums hold'
	printf x | dd of="$bundle" bs=1 seek=3000000 conv=notrunc status=none
	touch -r "$work/good.run" "$bundle"
	expect 0 'build over a bundle of the same size and time' build
	cmp "$work/good.run" "$bundle" >"$work/out"
	report $? 'it is whole again'
	rm "$bundle"
	expect 0 'build over one that is gone' build
	cmp "$work/good.run" "$bundle" >"$work/out"
	report $? 'it is there again'
	"$kb" keygen "$work/other" >"$work/out" 2>&1
	expect 0 'build with another key' "$kb" --site "$s/manifests" --store "$s/store" build \
		-o "$s/dist" --key "$work/other.key"
	! cmp "$work/good.run" "$bundle" >"$work/out" 2>&1
	report $? 'it is another bundle'
	expect 0 'build with the first key' build
	(cd "$s/dist" && sha256sum --quiet -c SHA256SUMS) >"$work/out" 2>&1 &&
		cmp "$work/good.run" "$bundle" >"$work/out"
	report $? 'it is the first again, in the sums too'
}

build() {
	"$kb" --site "$s/manifests" --store "$s/store" build -o "$s/dist" --key "$work/key.key"
}

# Connections that break after 300 kB of 2 MB.
breaking() {
	rm -rf "$s/store2"
	stop_server
	: >"$work/requests"
	start_server "$www" --cut 300000 --log "$work/requests"
	move_server
	expect 0 'fetch over connections that break' keybuzz "$s" "$s/store2" fetch
	[ "$(grep -c '^GET /exporter.jar' "$work/requests")" -gt 5 ] &&
		grep -q '^GET /exporter.jar.* bytes=600000- 206' "$work/requests"
	report $? 'each continues where the one before ended'
	[ "$(digest "$(blob "$s/store2" "$(locked_file exporter.jar)")")" = "$(digest "$www/exporter.jar")" ]
	report $? 'what came together is the file'
	# an earlier fetch was cut off: by kill, or power
	mkdir -p "$s/store3/partial"
	head -c 1700000 "$www/exporter.jar" >"$s/store3/partial/$(locked_file exporter.jar)"
	: >"$work/requests"
	expect 0 'continue an earlier fetch' keybuzz "$s" "$s/store3" fetch
	grep -q '^GET /exporter.jar.* bytes=1700000- 206' "$work/requests"
	report $? 'from where it was'
	mkdir -p "$s/store4/partial"
	head -c 1700000 /dev/zero >"$s/store4/partial/$(locked_file exporter.jar)"
	expect 0 'continue a part of something else' keybuzz "$s" "$s/store4" fetch
	says 'fetched again' 'it is thrown away'
}

# The server has another port now: the same files at another place.
move_server() {
	sed -i "s|127.0.0.1:[0-9]*|$server|" "$s/manifests/files.yaml"
	expect 0 'lock where the server is now' kb_ lock
}

changing() {
	local file
	stop_server
	start_server "$www"
	move_server
	file=$(blob "$s/store" "$(locked_file tool)")
	chmod u+w "$file" && printf X >>"$file"
	expect 0 'a file damaged in the store' kb_ fetch
	says 'file tool: damaged in the store' 'it is named and fetched'
	cp "$lock" "$work/lock"
	put_file exporter.jar 1000
	expect 22 'lock --check' kb_ lock --check
	says 'exporter.jar: outdated' 'it names the file'
	expect 20 'fetch what is no longer there' keybuzz "$s" "$s/store5" fetch
	says 'files.yaml:2:3: file exporter.jar: ' 'the place is named'
	[ -z "$(find "$s/store5/sha256" "$s/store5/partial" -type f -size 1000c)" ]
	report $? 'nothing of it is kept'
	expect 0 'lock --update' kb_ lock --update exporter.jar
	[ "$(diff "$work/lock" "$lock" | grep -c '^[<>]')" -eq 2 ]
	report $? 'one line of the lock is another'
	printf 'more\n' >>"$s/manifests/files/list.txt"
	expect 20 'a local file that changed' keybuzz "$s" "$s/store6" fetch
	says 'lock --update list.txt' 'it says to lock again'
	sed -i 's/GPL-2.0-or-later/MIT/' "$s/manifests/files.yaml"
	expect 22 'build with a stale lock' build
	says 'files.yaml:5:3: file tool was changed after it was locked' 'the place is named'
}

# refused SED PLACE: one change of files.yaml.
refused() {
	cp "$work/files.yaml" "$s/manifests/files.yaml"
	sed -i "$1" "$s/manifests/files.yaml"
	expect 22 "refused: $1" kb_ lint
	says "files.yaml:$2" "at $2"
}

refusals() {
	cp "$s/manifests/files.yaml" "$work/files.yaml"
	refused '3s|url: .*|url: ftp://x/y|' '3:10: '
	refused '3s|.*|    mode: "0644"|' '3:5: exporter.jar: exactly one of'
	refused '7s|sha256: .*|sha256: abc|' '7:13: '
	refused '8s|.*|    license: MIT|' '8:5: unknown key "license"; did you mean "licence"?'
	refused '9s|0755|4755|' '9:11: '
	refused '10s|files/list.txt|../list.txt|' '10:20: '
	refused '5s|tool|a/b|' '5:3: '
	cp "$work/files.yaml" "$s/manifests/files.yaml"
	sed -i 's|pinned/tool|pinned/tol|' "$s/manifests/roles/web.yaml"
	expect 22 'a name that is not there' kb_ lint
	says 'files.yaml has no "tol"; did you mean "tool"?' 'the nearest is named'
}

need curl python3 jq unshare
mkdir "$www" "$work/trust"
put_file exporter.jar 2000000
put_file tool 5000
start_server "$www" --log "$work/requests"
make_site
"$kb" keygen "$work/key" >"$work/out" 2>&1
cp "$work/key.pub" "$work/trust/"
: >"$work/requests"
locking
building
building_again
breaking
changing
refusals
finish
