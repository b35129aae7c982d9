#!/bin/sh
# shellcheck shell=dash
# OS packages from a signed archive: the closure against a minimal installation
# is exact and comes out the same again; an index that is not signed, not by our
# key, not as signed or too old, and a package that is not as locked get nowhere.
set -u
# shellcheck source=tests/supply/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/supply/archive.sh
. "$(dirname "$0")/archive.sh"

www=$work/www
lock=manifests/lock/packages.yaml

# What a minimal installation is, then what a group needs of it and beyond.
fill_archive() {
	deb "$1" base-files 1 'Essential: yes'
	deb "$1" dash 1 'Essential: yes' 'Depends: libc6'
	deb "$1" libc6 2
	deb "$1" apt 2 'Depends: libapt'
	deb "$1" libapt 2
	deb "$1" tool '1:1.0~rc1-1' 'Depends: libtool1 (>= 2), dash' 'Recommends: not-wanted'
	deb "$1" libtool1 2.5 'Depends: libc6, common | absent' 'Breaks: nothing'
	deb "$1" libtool1 1.5
	deb "$1" common 3
	deb "$1" not-wanted 1
	deb "$1" other 1 'Depends: common'
	deb "$1" broken 1 'Depends: absent (>= 1)'
	deb "$1" newer 1 'Depends: libc6 (>= 9)'
}

# site NAME GROUPS: whose packages come from the archive; the groups on standard
# input. The first is line 4 of packages.yaml.
site() {
	new_site "$1" <<-END
		images: {}
	END
	{
		printf 'releases:\n  debian-13: {suite: unstable, mirror: "http://%s/%s", keyring: %s}\n' \
			"$server" "$2" "$work/ours.gpg"
		printf 'groups:\n'
		cat
	} >"$1/manifests/packages.yaml"
}

good_site() {
	site "$1" "$2" <<-END
		  others: {debian-13: [other]}
		  tools: {debian-13: [tool, dash]}
	END
}

# refused STATUS NAME SITE PLACE WORD: lock ends so, says where and why, and
# leaves nothing.
refused() {
	expect "$1" "$2" keybuzz "$3" "$3/store" lock
	says "packages.yaml:$4: packages of debian-13" "$2: the place is named"
	says "$5" "$2: it says why"
	[ ! -e "$3/manifests/lock" ] && [ -z "$(ls -A "$3/store/tmp")" ]
	report $? "$2: no lock and no scratch is left"
}

closure() {
	good_site "$work/a" good
	expect 0 'lock' keybuzz "$work/a" "$work/a/store" lock
	says '+ tool 1:1.0~rc1-1' 'it says what is new'
	sed -n 's/^      - \([^ ]* [^ ]*\) .*/\1/p' "$work/a/$lock" >"$work/got"
	printf '%s\n' 'common 3' 'dash 1' 'libtool1 2.5' 'other 1' 'tool 1:1.0~rc1-1' >"$work/wanted"
	diff "$work/wanted" "$work/got" >"$work/out"
	report $? 'locked is what is named and what it needs beyond a minimal installation'
	sed -n '/^    groups:/,/^    packages:/s/^      *//p' "$work/a/$lock" | tr -s '\n ' '  ' >"$work/out"
	[ "$(cat "$work/out")" = \
		'others: - common - other tools: - common - dash - libtool1 - tool ' ]
	report $? 'by group'
	grep -q " $(digest "$www/good/pool/main/tool/tool_1.0~rc1-1_amd64.deb") pool/main/tool/" \
		"$work/a/$lock"
	report $? 'with digests and paths'
}

again() {
	cp "$work/a/$lock" "$work/lock"
	expect 0 'lock again, offline' keybuzz_offline "$work/a" "$work/a/store" lock
	cmp "$work/lock" "$work/a/$lock" >"$work/out"
	report $? 'locking twice gives the same bytes'
	rm "$work/a/$lock"
	expect 0 'lock from nothing' env LC_ALL=tr_TR.UTF-8 TZ=GMT-14 "$kb" --site \
		"$work/a/manifests" --store "$work/a/store2" lock
	cmp "$work/lock" "$work/a/$lock" >"$work/out"
	report $? 'so does locking from nothing'
	expect 0 'lock --check' keybuzz "$work/a" "$work/a/store" lock --check
}

bad_indices() {
	cp -R "$www/good" "$www/unsigned"
	rm "$www/unsigned/dists/unstable/InRelease"
	good_site "$work/b1" unsigned
	refused 51 'an index that is not signed' "$work/b1" 2:3 'is not signed'

	cp -R "$www/good" "$www/stranger"
	sign "$www/stranger" unstable theirs
	good_site "$work/b2" stranger
	refused 51 'an index signed by a key that is not known' "$work/b2" 2:3 "couldn't be verified"

	cp -R "$www/good" "$www/edited"
	sed -i 's/^Origin: Test/Origin: Nest/' "$www/edited/dists/unstable/InRelease"
	good_site "$work/b3" edited
	refused 51 'an index that was changed after it was signed' "$work/b3" 2:3 'BADSIG'

	cp -R "$www/good" "$www/other-packages"
	sed -i 's/^Version: 3$/Version: 4/' "$www/other-packages/dists/unstable/main/binary-amd64/Packages"
	good_site "$work/b4" other-packages
	refused 51 'a list of packages that is not the signed one' "$work/b4" 2:3 'Hash Sum mismatch'

	cp -R "$www/good" "$www/expired"
	release "$www/expired" unstable 'Valid-Until: Sat, 01 Jan 2022 00:00:00 UTC'
	sign "$www/expired" unstable ours
	good_site "$work/b5" expired
	refused 51 'an index whose time is over' "$work/b5" 2:3 'is expired'

	good_site "$work/b6" nowhere
	refused 51 'an archive that is not there' "$work/b6" 2:3 'does not have a Release file'

	good_site "$work/b7" good
	rm -f "$work/theirs-only.gpg"
	sed -i "s|$work/ours.gpg|$work/theirs-only.gpg|" "$work/b7/manifests/packages.yaml"
	refused 50 'a keyring that is not there' "$work/b7" 2:3 'theirs-only.gpg is missing'
}

bad_names() {
	site "$work/n1" good <<-END
		  broken: {debian-13: [broken]}
	END
	refused 51 'a dependency that the archive has not' "$work/n1" 4:3 'broken : Depends: absent (>= 1)'
	site "$work/n2" good <<-END
		  tools: {debian-13: [tool]}
		  typo: {debian-13: [toool]}
	END
	refused 51 'a package that the archive has not' "$work/n2" 5:3 'toool'
	site "$work/n3" good <<-END
		  newer: {debian-13: [newer]}
	END
	refused 51 'a version that the archive has not' "$work/n3" 4:3 'newer : Depends: libc6 (>= 9)'
}

# stored SITE STORE: the package files that a store has.
stored() {
	find "$1/sha256" -type f | wc -l
}

fetched() {
	local file
	expect 0 'fetch' keybuzz "$work/a" "$work/a/store" fetch
	says '5 packages (5 fetched' 'all of them'
	expect 0 'fetch again, offline' keybuzz_offline "$work/a" "$work/a/store" fetch
	says '5 packages (0 fetched' 'none'
	file=$(find "$www/good/pool" -name 'common_*')
	cp "$file" "$work/common.deb"
	printf X | dd of="$file" bs=1 seek=100 conv=notrunc 2>"$work/dd"
	expect 20 'a package that is not as locked' keybuzz "$work/a" "$work/a/store3" fetch
	says common_3_amd64.deb 'it is named'
	[ "$(stored "$work/a/store3")" -eq 4 ] && [ -z "$(ls -A "$work/a/store3/partial")" ]
	report $? 'and nothing of it is kept'
	cp "$work/common.deb" "$file"
	file=$(find "$work/a/store/sha256" -type f | head -n 1)
	chmod u+w "$file"
	printf X >>"$file"
	expect 0 'a package damaged in the store' keybuzz "$work/a" "$work/a/store" fetch
	says 'damaged in the store, fetched again' 'it is named'
	says '5 packages (1 fetched' 'and fetched'
}

# The archive moves on: old files go, new ones come.
superseded() {
	deb "$www/good" libtool1 2.6 'Depends: libc6, common, extra'
	deb "$www/good" extra 1
	rm "$www"/good/pool/main/libtool1/libtool1_2.5_amd64.deb
	publish "$www/good" unstable ours
	expect 51 'a version that the archive no longer has' keybuzz "$work/a" "$work/a/store4" fetch
	says 'lock --update debian-13' 'it says to lock again'
	expect 0 'the store is enough' keybuzz_offline "$work/a" "$work/a/store" fetch
	expect 0 'lock keeps what is locked' keybuzz "$work/a" "$work/a/store" lock
	cmp "$work/lock" "$work/a/$lock" >"$work/out"
	report $? 'byte for byte'
	expect 22 'lock --check' keybuzz "$work/a" "$work/a/store" lock --check
	says 'debian-13: outdated' 'it names the release'
	says '  libtool1 2.5 -> 2.6' 'and the package'
	says '  + extra 1' 'and what comes with it'
	cmp "$work/lock" "$work/a/$lock" >"$work/out"
	report $? '--check writes nothing'
	expect 0 'lock --update' keybuzz "$work/a" "$work/a/store" lock --update debian-13
	diff "$work/lock" "$work/a/$lock" | sed -n 's/^\([<>]\) *\(- [^ ]* *[^ ]*\).*/\1 \2/p' >"$work/got"
	printf '%s\n' '> - extra' '< - libtool1 2.5' '> - extra 1' '> - libtool1 2.6' |
		diff - "$work/got" >"$work/out"
	report $? 'two locks differ in a line for each package'
	expect 0 'fetch the update' keybuzz "$work/a" "$work/a/store" fetch
	says '6 packages (2 fetched' 'only what is new'
	expect 0 'lock --check' keybuzz "$work/a" "$work/a/store" lock --check
}

stale() {
	sed -i 's/\[tool, dash\]/[tool, apt]/' "$work/a/manifests/packages.yaml"
	expect 22 'fetch with a lock of other names' keybuzz "$work/a" "$work/a/store" fetch
	says 'packages.yaml:2:3: packages of debian-13 were changed after they were locked: package apt of group tools is new' \
		'the place is named'
	"$kb" keygen "$work/key" >"$work/out" 2>&1
	expect 22 'build with it' keybuzz "$work/a" "$work/a/store" build -o "$work/dist" \
		--key "$work/key.key"
	[ ! -e "$work/dist" ]
	report $? 'no output is left'
}

need gpg dpkg-deb dpkg-scanpackages apt-get curl python3 unshare
make_keys ours theirs
fill_archive "$www/good"
publish "$www/good" unstable ours
start_server "$www"
closure
again
bad_indices
bad_names
fetched
superseded
stale
end_keys
finish
