#!/usr/bin/python3
"""Make an image archive again, with one thing wrong: retar.py TAR CASE"""
import copy
import hashlib
import io
import json
import sys
import tarfile


def read(path):
    with tarfile.open(path) as tar:
        return [(m, tar.extractfile(m).read() if m.isfile() else b"") for m in tar]


def find(entries, name):
    return next(i for i, (m, _) in enumerate(entries) if m.name.lstrip("./") == name)


def named(entries, at, name):
    member = copy.copy(entries[at][0])
    member.name = name
    return member, entries[at][1]


def put(entries, at, data):
    member = copy.copy(entries[at][0])
    member.size = len(data)
    entries[at] = (member, data)


def edit(entries, name, change):
    at = find(entries, name)
    doc = json.loads(entries[at][1])
    put(entries, at, json.dumps(change(doc) or doc).encode())


def layers(change):
    def with_manifest(doc):
        doc[0]["Layers"] = change(doc[0]["Layers"])

    return lambda entries: edit(entries, "manifest.json", with_manifest)


def layer_missing(entries):
    del entries[find(entries, "upper.tar")]


def layer_digest(entries):
    at = find(entries, "upper.tar")
    data = bytearray(entries[at][1])
    data[600] ^= 1
    put(entries, at, bytes(data))


def manifest_twice(entries):
    entries.append(entries[find(entries, "manifest.json")])


def layer_upwards(entries):
    layers(lambda v: ["../" + v[0], v[1]])(entries)
    entries.append(named(entries, find(entries, "lower.tar"), "../lower.tar"))


def config_digest(entries):
    """The config's name is its digest, as engines write it, but of other bytes."""
    name = hashlib.sha256(b"other").hexdigest() + ".json"
    at = find(entries, "config.json")
    entries[at] = named(entries, at, name)
    edit(entries, "manifest.json", lambda doc: doc[0].update(Config=name))


def config_missing(entries):
    del entries[find(entries, "config.json")]


def link_out(entries):
    at = find(entries, "upper.tar")
    member = copy.copy(entries[at][0])
    member.type = tarfile.SYMTYPE
    member.linkname = "/etc/passwd"
    member.size = 0
    entries[at] = (member, b"")


def other_machine(entries):
    edit(entries, "config.json", lambda doc: doc.update(architecture="s390x"))


CASES = {
    "layer-missing": layer_missing,
    "layer-extra": layers(lambda v: v + [v[0]]),
    "layer-unlisted": layers(lambda v: v[:1]),
    "layer-digest": layer_digest,
    "manifest-twice": manifest_twice,
    "layer-upwards": layer_upwards,
    "config-digest": config_digest,
    "config-missing": config_missing,
    "link-out": link_out,
    "other-machine": other_machine,
}


def header(name, size, kind=b"0", field=None):
    """A ustar header; FIELD stands for the twelve bytes of the size."""
    h = bytearray(512)
    h[0 : len(name)] = name
    h[100:108] = b"0000644\0"
    h[108:116] = h[116:124] = b"0000000\0"
    h[124:136] = field or b"%011o\0" % size
    h[136:148] = b"%011o\0" % 0
    h[156:157] = kind
    h[257:265] = b"ustar\x0000"
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def padded(data):
    return data + bytes(-len(data) % 512)


def pax(**records):
    out = b""
    for key, value in records.items():
        rest = b" %s=%s\n" % (key.replace("_", ".").encode(), value)
        n = len(rest)
        while len(str(n)) + len(rest) != n:
            n = len(str(n)) + len(rest)
        out += b"%d%s" % (n, rest)
    return header(b"pax", len(out), b"x") + padded(out)


def hidden(data):
    """A whole entry that only a reader who takes the other size sees."""
    return header(b"manifest.json", len(data)) + padded(data)


def wild(entries, case):
    """Desynchronised headers in front of an archive that is otherwise whole."""
    secret = hidden(b'[{"Config":"x","Layers":[]}]')
    if case == "pax-size":
        return pax(size=b"0") + header(b"extra", len(secret)) + secret
    if case == "pax-size-negative":
        return pax(size=b"-1") + header(b"extra", 512) + bytes(512)
    if case == "pax-size-huge":
        return pax(size=b"18446744073709551616") + header(b"extra", 512) + bytes(512)
    if case == "pax-path":
        return pax(path=b"../../etc/x") + header(b"extra", 0)
    if case == "gnu-name":
        return header(b"././@LongLink", 12, b"L") + padded(b"../../etc/x\0") + header(b"extra", 0)
    if case == "gnu-name-huge":
        return header(b"././@LongLink", 0, b"L", b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7)
    if case == "base256-negative":
        return header(b"extra", 0, b"0", b"\xff" * 12)
    if case == "base256-huge":
        return header(b"extra", 0, b"0", b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7)
    if case == "base256-and-more":
        return header(b"extra", 0, b"0", b"\x80" + b"\xff" * 11)
    raise SystemExit(f"no case {case}")


def main():
    path, case = sys.argv[1:]
    entries = read(path)
    if case in CASES:
        CASES[case](entries)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for member, data in entries:
            tar.addfile(member, io.BytesIO(data) if member.isfile() else None)
    with open(path, "wb") as stream:
        stream.write(b"" if case in CASES else wild(entries, case))
        stream.write(out.getvalue())


if __name__ == "__main__":
    main()
