#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second reader of libraries, made from docs/formats alone: shares no code with cairn. Standard library and zstandard.

    read_library.py LAYOUT TAG list          the whole tree (listing.py says how), each unit fetched by its range alone
    read_library.py LAYOUT TAG check         that every layer is what library.json and the skeleton's rules say
    read_library.py LAYOUT TAG document      library.json
    read_library.py LAYOUT TAG unit NAME     the unit's tar entries, one a line

LAYOUT is an OCI image layout. Exit code 1 and one line: what is wrong.
"""
import hashlib
import io
import json
import os
import sys
import zlib

import zstandard

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import listing  # noqa: E402

BLOCK = 512
FRAME_BYTES = 4 << 20
CONSTANT_MTIME = 946684800
END_OF_ARCHIVE = bytes(2 * BLOCK)
CODECS = {"application/vnd.oci.image.layer.v1.tar": "none", "application/vnd.oci.image.layer.v1.tar+gzip": "gzip",
          "application/vnd.oci.image.layer.v1.tar+zstd": "zstd"}


class Bad(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Bad(text)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


# Blobs.

class Layout:
    def __init__(self, path):
        self.path = path
        with open(os.path.join(path, "oci-layout"), encoding="utf-8") as file:
            expect(json.load(file)["imageLayoutVersion"] == "1.0.0", "oci-layout: unknown version")

    def manifest(self, tag):
        with open(os.path.join(self.path, "index.json"), encoding="utf-8") as file:
            for descriptor in json.load(file)["manifests"]:
                if descriptor.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag:
                    return descriptor
        raise Bad(f"{tag}: no such tag")

    def open(self, blob):
        return open(os.path.join(self.path, "blobs", *blob.split(":")), "rb")

    def whole(self, descriptor):
        with self.open(descriptor["digest"]) as file:
            data = file.read()
        expect(len(data) == descriptor["size"] and digest(data) == descriptor["digest"], f"{descriptor['digest']}: damaged")
        return data

    def range(self, blob, offset, size):
        with self.open(blob) as file:
            file.seek(offset)
            data = file.read(size)
        expect(len(data) == size, f"{blob}: has no {size} bytes from {offset}")
        return data


# Frames.

def frames(packed, codec):
    """The plain bytes of each frame."""
    if codec == "none":
        for at in range(0, len(packed), FRAME_BYTES):
            yield packed[at:at + FRAME_BYTES]
        return
    chunk = 64 << 10
    at = 0
    while at < len(packed):
        decoder = zstandard.ZstdDecompressor().decompressobj() if codec == "zstd" else zlib.decompressobj(31)
        plain = []
        ended = False
        while not ended:
            expect(at < len(packed), "the last frame is cut short")
            part = packed[at:at + chunk]
            plain.append(decoder.decompress(part))
            at += len(part)
            ended = decoder.eof if codec == "gzip" else decoder.unused_data != b"" or at == len(packed)
        at -= len(decoder.unused_data)
        yield b"".join(plain)


def unpack(packed, codec, what):
    """Checks, beyond the codec, that every frame but the last is full."""
    parts = list(frames(packed, codec))
    for i, part in enumerate(parts):
        full = i + 1 < len(parts)
        expect(len(part) == FRAME_BYTES if full else 0 < len(part) <= FRAME_BYTES, f"{what}: frame {i} has {len(part)} bytes")
    return b"".join(parts)


# Tar.

def text(field):
    return field.split(b"\0", 1)[0]


def number(field):
    return int(text(field) or b"0", 8)


def entries(plain, what):
    """(type flag, name, header fields, content) of each entry; the archive may lack its end."""
    at = 0
    extended = {}
    while at < len(plain):
        block = plain[at:at + BLOCK]
        expect(len(block) == BLOCK, f"{what}: ends inside a block")
        at += BLOCK
        if not any(block):
            expect(plain[at - BLOCK:] == END_OF_ARCHIVE, f"{what}: something follows the end of the archive")
            return
        expect(block[257:265] == b"ustar\0" b"00", f"{what}: no ustar header at {at - BLOCK}")
        expect(number(block[148:156]) == sum(block[:148]) + 8 * ord(" ") + sum(block[156:]), f"{what}: wrong checksum at {at - BLOCK}")
        kind = chr(block[156])
        size = number(block[124:136])
        name = text(block[:100])
        if prefix := text(block[345:500]):
            name = prefix + b"/" + name
        if kind != "x":
            name = extended.get(b"path", name)
            size = int(extended.get(b"size", size))
        expect(kind in "0125x", f"{what}: entry of type {kind}")
        expect(kind in "0x" or size == 0, f"{what}: {name} has content")
        content = plain[at:at + size]
        padding = -size % BLOCK
        expect(len(content) == size and not any(plain[at + size:at + size + padding]), f"{what}: {name} is cut short or badly padded")
        at += size + padding
        if kind == "x":
            extended = records(content)
            continue
        fields = {"mode": number(block[100:108]), "uid": number(block[108:116]), "gid": number(block[116:124]),
                  "mtime": int(extended.get(b"mtime", number(block[136:148]))), "link": extended.get(b"linkpath", text(block[157:257]))}
        extended = {}
        yield kind, name, fields, content


def records(content):
    found = {}
    while content:
        length = int(content.split(b" ", 1)[0])
        key, value = content[:length - 1].split(b" ", 1)[1].split(b"=", 1)
        found[key] = value
        content = content[length:]
    return found


# Skeletons.

def header(kind, path, mode):
    """One entry without content. Everything in a skeleton is constant but name and mode."""
    extended = b""
    prefix = b""
    name = path
    if len(path) > 100:
        cut = path.find(b"/", max(0, len(path) - 101))
        if 0 <= cut <= 155 and cut + 1 < len(path):
            prefix, name = path[:cut], path[cut + 1:]
        else:
            body = b" path=" + path + b"\n"
            length = len(body) + 1
            while len(str(length)) + len(body) != length:
                length = len(str(length)) + len(body)
            record = str(length).encode() + body
            extended = block(b"x", b"PaxHeaders/0", b"", 0o644, 0, len(record)) + record + bytes(-len(record) % BLOCK)
            name = path[:100]
    return extended + block(kind, name, prefix, mode, CONSTANT_MTIME, 0)


def block(kind, name, prefix, mode, mtime, size):
    def octal(value, width):
        return b"%0*o\0" % (width - 1, value)

    data = (name.ljust(100, b"\0") + octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(mtime, 12) + b" " * 8 + kind +
            bytes(100) + b"ustar\0" b"00" + bytes(64) + bytes(16) + prefix.ljust(155, b"\0") + bytes(12))
    return data[:148] + b"%06o\0 " % sum(data) + data[156:]


def skeleton(target, layer):
    prefix = target[1:].encode()
    made = {}

    def add_directory(path):
        while path:
            made[path + b"/"] = header(b"5", path + b"/", 0o775 if len(path) >= len(prefix) else 0o755)
            path = os.path.dirname(path)

    def add_whiteout(path):
        add_directory(os.path.dirname(path))
        made[path] = header(b"0", path, 0o644)

    def below(path):
        return os.path.join(prefix, path.encode()).rstrip(b"/")

    add_directory(prefix)
    for fragment in layer["fragments"]:
        for root in fragment["roots"]:
            add_directory(below(root) if root.endswith("/") else os.path.dirname(below(root)))
    for path in layer.get("opaque", []):
        add_whiteout(below(path) + b"/.wh..wh..opq")
    for path in layer.get("removed", []):
        directory, name = os.path.split(below(path))
        add_whiteout(directory + b"/.wh." + name)
    return b"".join(made[name] for name in sorted(made))


# Libraries.

class Library:
    def __init__(self, layout, tag):
        self.layout = layout
        self.manifest = json.loads(layout.whole(layout.manifest(tag)))
        self.config = json.loads(layout.whole(self.manifest["config"]))
        expect(self.manifest.get("annotations", {}).get("dev.cairn.library.format") == "1", "not a library of format 1")
        of_index = [at for at, one in enumerate(self.manifest["layers"]) if one.get("annotations", {}).get("dev.cairn.layer") == "index"]
        expect(of_index, "there is no index layer")
        self.index_number = of_index[-1]
        self.index_layer = self.manifest["layers"][self.index_number]
        packed = layout.whole(self.index_layer)
        self.index_plain = b"".join(frames(packed, CODECS[self.index_layer["mediaType"]]))
        found = [content for kind, name, _, content in entries(self.index_plain, "index layer")
                 if kind == "0" and name.endswith(b"/.cairn/library.json")]
        expect(len(found) == 1, f"{len(found)} library.json in the index layer")
        self.text = found[0]
        self.document = json.loads(self.text)
        expect(self.document["format"] == 1, "library.json of an unknown format")
        self.target = self.document["target"]

    def fragment(self, layer, fragment):
        """Its plain bytes, from its range alone."""
        packed = self.layout.range(layer["digest"], fragment["offset"], fragment["size"])
        expect(digest(packed) == fragment["digest"], f"{fragment['unit']}: the range has another digest")
        plain = unpack(packed, layer["compression"]["codec"], fragment["unit"])
        expect(len(plain) == fragment["plainSize"] and digest(plain) == fragment["plainDigest"], f"{fragment['unit']}: other plain bytes")
        return plain

    def live(self):
        for layer in self.document["layers"]:
            for fragment in layer["fragments"]:
                if fragment.get("live", True):
                    yield layer, fragment

    def relative(self, name):
        prefix = self.target[1:].encode()
        name = name.removesuffix(b"/")
        if name == prefix:
            return b""
        expect(name.startswith(prefix + b"/"), f"{name}: lies outside of the target")
        return name[len(prefix) + 1:]

    def tree(self):
        """The entries of the whole tree, each once."""
        made = {}

        def add(plain, what):
            for kind, name, fields, content in entries(plain, what):
                expect(fields["uid"] == 0 and fields["gid"] == 0, f"{name}: belongs to {fields['uid']}:{fields['gid']}")
                if kind == "5" and self.target[1:].encode().startswith(name):
                    continue  # above the target
                path = self.relative(name)
                if path.split(b"/")[-1].startswith(b".wh."):
                    continue
                entry = listing.Entry("f", path, fields["mode"], fields["mtime"])
                if kind == "0":
                    entry.size, entry.sha256, entry.inode = len(content), hashlib.sha256(content).hexdigest(), (what, path)
                elif kind == "1":
                    first = made[self.relative(fields["link"])]
                    expect(first.kind == "f" and first.inode[0] == what, f"{name}: is a hard link out of its unit")
                    entry.size, entry.sha256, entry.inode = first.size, first.sha256, first.inode
                elif kind == "2":
                    entry.kind, entry.link = "l", fields["link"]
                else:
                    entry.kind = "d"
                expect(path not in made or kind == "5" and what == "skeleton", f"{name}: is there twice")
                made.setdefault(path, entry)

        for layer in self.document["layers"]:
            add(skeleton(self.target, {"fragments": [one for one in layer["fragments"] if one.get("live", True)]}), "skeleton")
        for layer, fragment in self.live():
            add(self.fragment(layer, fragment), fragment["unit"])
        index = list(entries(self.index_plain, "index layer"))
        add(b"".join(header(b"5", name, fields["mode"]) for kind, name, fields, _ in index if kind == "5" and self.is_new(name, made)), "index")
        for kind, name, fields, content in index:
            if kind != "5":
                path = self.relative(name)
                entry = listing.Entry({"0": "f", "2": "l"}[kind], path, fields["mode"], fields["mtime"], len(content),
                                      hashlib.sha256(content).hexdigest(), fields["link"])
                if not path.split(b"/")[-1].startswith(b".wh."):
                    made[path] = entry
        return [entry for path, entry in made.items() if path != b".cairn" and not path.startswith(b".cairn/")]

    def is_new(self, name, made):
        return len(name.rstrip(b"/")) > len(self.target) - 1 and self.relative(name) not in made

    def check(self):
        layers = self.document["layers"]
        diff_ids = self.config["rootfs"]["diff_ids"]
        first = self.index_number - len(layers)
        expect(first >= 0 and len(self.manifest["layers"]) == len(diff_ids), "other numbers of layers")
        expect(digest(self.index_plain) == diff_ids[self.index_number], "the index layer has another diff_id")
        expect(self.index_plain.endswith(END_OF_ARCHIVE), "the index layer has no end")
        for layer, descriptor, diff_id in zip(layers, self.manifest["layers"][first:], diff_ids[first:]):
            what = f"layer {layer['digest']}"
            expect(descriptor["digest"] == layer["digest"] and descriptor["size"] == layer["size"], f"{what}: the manifest has another")
            expect(CODECS[descriptor["mediaType"]] == layer["compression"]["codec"], f"{what}: has another media type")
            expect(descriptor["annotations"] == {"dev.cairn.layer": "units"}, f"{what}: has other annotations")
            expect(layer["diffId"] == diff_id, f"{what}: the config has another diff_id")
            self.check_layer(layer, what, self.layout.whole(descriptor))

    def check_layer(self, layer, what, packed):
        codec = layer["compression"]["codec"]
        plain = hashlib.sha256()
        size = 0
        at = 0

        def part(data):
            nonlocal size
            plain.update(data)
            size += len(data)

        def packed_part(end, expected, name):
            part(expected)
            expect(unpack(packed[at:end], codec, name) == expected, f"{what}: {name} is not what the rules say")

        with_bytes = [one for one in layer["fragments"] if one["size"] != 0]
        for one in layer["fragments"]:
            if one["size"] == 0:
                expect(one["digest"] == one["plainDigest"] == digest(b"") and one["plainSize"] == 0, f"{what}: {one['unit']} is half empty")
        begin = with_bytes[0]["offset"] if with_bytes else None
        expected = skeleton(self.target, layer)
        if begin is None:
            expect(b"".join(frames(packed, codec)) == expected + END_OF_ARCHIVE, f"{what}: has a skeleton alone, and another")
            part(expected + END_OF_ARCHIVE)
        else:
            packed_part(begin, expected, "skeleton")
            at = begin
            for fragment in with_bytes:
                expect(fragment["offset"] == at, f"{what}: a gap before {fragment['unit']}")
                part(self.fragment(layer, fragment))
                at += fragment["size"]
            packed_part(len(packed), END_OF_ARCHIVE, "end of archive")
        expect(size == layer["plainSize"], f"{what}: has {size} plain bytes")
        expect("sha256:" + plain.hexdigest() == layer["diffId"], f"{what}: has another diff_id")


def main(layout, tag, action, *names):
    library = Library(Layout(layout), tag)
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogateescape")
    if action == "document":
        out.write(library.text.decode())
    elif action == "list":
        out.writelines(line + "\n" for line in listing.lines(library.tree()))
    elif action == "check":
        library.check()
    elif action == "unit":
        for layer, fragment in library.live():
            if fragment["unit"] == names[0]:
                for kind, name, fields, content in entries(library.fragment(layer, fragment), names[0]):
                    out.write(f"{kind} {fields['mode']:04o} {fields['mtime']} {len(content)} {listing.quoted(name)} {listing.quoted(fields['link'])}\n")
    else:
        raise Bad(f"{action}: no such action")
    out.flush()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Bad as error:
        sys.exit(f"read_library.py: {error}")
