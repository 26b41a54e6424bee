#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the hostile corpus: one small archive for each way in which a layer can be wrong, and for the odd forms that are
right. Deterministic, standard library only. Run it here; the files and expected.tsv are committed.

NUMBER is the group of the bad input (README.md). expected.tsv, tab-separated: file; what reading does (accept or
refuse) and a part of the error text; what extracting does on top of the tree that hostile_test.cpp prepares, and a part
of its error text. A crash input found later joins CASES for good.
"""
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent
CASES = []
GNU = b"ustar  \0"
USTAR = b"ustar\x0000"


def octal(value, digits=11):
    return b"%0*o" % (digits, value)


def base256(value, width, marker=0x80):
    return bytes([marker]) + (value & (1 << 8 * (width - 1)) - 1).to_bytes(width - 1, "big")


def block(name=b"", kind=b"0", size=0, link=b"", mode=b"0000644", uid=b"0000000", gid=b"0000000", mtime=b"00000000000",
          magic=USTAR, major=b"", minor=b"", prefix=b"", rest=b"", checksum=None):
    out = bytearray(512)
    if isinstance(size, int):
        size = octal(size)
    for at, width, text in ((0, 100, name), (100, 8, mode), (108, 8, uid), (116, 8, gid), (124, 12, size), (136, 12, mtime),
                            (148, 8, b" " * 8), (156, 1, kind), (157, 100, link), (257, 8, magic), (329, 8, major),
                            (337, 8, minor), (345, 155, prefix), (500, 12, rest)):
        assert len(text) <= width, (name, text)
        out[at:at + len(text)] = text
    out[148:156] = checksum(out) if checksum else b"%06o\0 " % sum(out)
    return bytes(out)


def padded(text):
    return text + bytes(-len(text) % 512)


def file(name, text=b"", **fields):
    return block(name, size=len(text), **fields) + padded(text)


def directory(name, mode=b"0000755"):
    return block(name, b"5", mode=mode)


def symlink(name, target):
    return block(name, b"2", link=target, mode=b"0000777")


def hard(name, target):
    return block(name, b"1", link=target)


def record(key, value):
    rest = len(key) + len(value) + 3
    length = rest + 1
    while length != rest + len(str(length)):
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def pax(body, kind=b"x"):
    return block(b"PaxHeaders/0", kind, len(body)) + padded(body)


def records(*pairs):
    return pax(b"".join(record(key, value) for key, value in pairs))


def long_name(text, kind=b"L"):
    return block(b"././@LongLink", kind, len(text), magic=GNU) + padded(text)


END = bytes(1024)
SMUGGLED = file(b"smuggled", b"x")


def case(number, what, data, read="accept", extract="accept", suffix="tar"):
    """`read` and `extract`: "accept", or a part of the text of the refusal."""
    if read != "accept":
        extract = read
    CASES.append((f"{number:02}-{what}.{suffix}", data, read, extract))


def tar(number, what, entries, read="accept", extract="accept"):
    case(number, what, entries + END, read, extract)


DOTS = "path has a '..' component"
SAME_LAYER = "is a symbolic link of the same layer"
TWICE = "comes twice in the layer"
BODY = "something that is not a file has content"
AFTER = "data after the end of the archive"


def names_and_links():
    tar(1, "dot-dot", file(b"../../cairn-hostile", b"x"), DOTS)
    tar(2, "absolute", file(b"/cairn-hostile", b"x"), "absolute path")
    tar(3, "dot-dot-inside", file(b"a/../../cairn-hostile", b"x"), DOTS)
    tar(3, "dot-dot-last", directory(b"a/.."), DOTS)
    tar(4, "dot-and-dot-dot", file(b"./../cairn-hostile", b"x"), DOTS)
    tar(4, "dot-inside", file(b"a/./b"), "path has a '.' component")
    tar(4, "two-dots-in-front", file(b"././b"), "path has a '.' component")
    tar(4, "dot-in-front", file(b"./b"))
    tar(4, "empty-component", file(b"a//b"), "path has an empty component")
    tar(5, "no-name", file(b"", b"x"), "entry has no name")
    tar(5, "no-name-but-prefix", file(b"", b"x", prefix=b"a"), "entry has no name")
    tar(6, "root-as-file", file(b".", b"x"), "the root can only be a directory")
    tar(6, "root-as-directory", directory(b"./") + file(b"./a"))
    tar(6, "root-as-slash", directory(b"/") + file(b"a"))
    tar(7, "root-as-symlink", symlink(b"/.", b"/tmp"), "absolute path")
    tar(7, "root-as-symlink-dot", symlink(b".", b"/tmp"), "the root can only be a directory")
    tar(7, "root-as-symlink-slash", symlink(b"/", b"/tmp"), "the root can only be a directory")
    tar(8, "dot-dot-as-symlink", symlink(b"..", b"/tmp"), DOTS)
    tar(9, "through-symlink-to-host-root", symlink(b"foo", b"/") + file(b"foo/cairn-hostile", b"x"), extract=SAME_LAYER)
    tar(9, "through-symlink-replaced-by-directory", symlink(b"foo", b"/") + directory(b"foo/") + file(b"foo/x"), extract=TWICE)
    tar(9, "through-symlink-to-canary", symlink(b"foo", b"../canary") + file(b"foo/owned", b"x"), extract=SAME_LAYER)
    tar(9, "through-symlink-of-symlink", symlink(b"a", b"b") + symlink(b"b", b"../canary") + file(b"a/owned", b"x"), extract=SAME_LAYER)
    tar(9, "through-lower-symlink", file(b"lib/new", b"x") + file(b"canary-link/caught", b"x") + file(b"host/caught", b"x"))
    tar(9, "onto-lower-symlink", file(b"secret-link", b"x"))
    tar(10, "hard-link-through-symlink", symlink(b"d", b"../canary") + hard(b"x", b"d/secret"), extract=SAME_LAYER)
    tar(10, "hard-link-through-lower-symlink", hard(b"x", b"canary-link/secret"), extract="which is not there")
    tar(11, "hard-link-to-absolute", hard(b"x", b"/etc/passwd"), extract="which is not there")
    tar(11, "hard-link-to-absolute-in-root", hard(b"x", b"/usr/lib/low"))
    tar(11, "hard-link-to-dot-dot", hard(b"x", b"../canary/secret"), DOTS)
    tar(12, "hard-link-to-self", hard(b"x", b"x"), "hard link to itself")
    tar(12, "hard-link-to-self-through-alias", hard(b"lib/low", b"usr/lib/low"), extract="hard link to itself")
    tar(13, "hard-link-to-later-entry", hard(b"x", b"y") + file(b"y"), extract="which is not there")
    tar(14, "hard-link-to-directory", directory(b"d") + hard(b"x", b"d"), extract="which is not a file")
    tar(14, "hard-link-to-root", hard(b"x", b"."), "path has a '.' component")
    tar(15, "hard-link-to-symlinks", symlink(b"a", b"/etc/passwd") + symlink(b"r", b"usr/lib/low") + symlink(b"g", b"gone")
        + hard(b"ha", b"a") + hard(b"hr", b"r") + hard(b"hg", b"g"))
    tar(15, "chmod-through-hard-link", symlink(b"a", b"../canary/secret") + block(b"h", b"1", link=b"a", mode=b"0004777"))
    tar(16, "symlink-loop", symlink(b"a", b"b") + symlink(b"b", b"a") + file(b"a/x"), extract=SAME_LAYER)
    tar(16, "lower-symlink-loop", file(b"loop/x"), extract="follows more than 40 symbolic links")
    tar(17, "symlink-replaced-by-directory", symlink(b"d", b"../canary") + directory(b"d") + file(b"d/secret", b"x"), extract=TWICE)
    tar(17, "lower-symlink-replaced-by-directory", directory(b"canary-link") + file(b"canary-link/secret", b"x"))
    tar(18, "directory-replaced-by-symlink", directory(b"d") + file(b"d/x") + symlink(b"d", b"../canary"), extract=TWICE)
    tar(18, "lower-directory-replaced-by-symlink", symlink(b"low", b"../canary") + file(b"low/secret", b"x"), extract=SAME_LAYER)
    tar(19, "file-replaced-by-directory", file(b"x") + directory(b"x"), extract=TWICE)
    tar(19, "file-directory-file", file(b"x") + directory(b"x") + file(b"x"), extract=TWICE)
    tar(20, "parent-is-a-file", file(b"x") + file(b"x/y"), extract="parent 'x' is not a directory")
    tar(20, "parent-is-a-lower-file", file(b"low/file/y"), extract="parent 'low/file' is not a directory")
    deep = b""
    for i in range(32):
        target = b"/".join([b"d" * 247] * 15 + [b".."] * 15 + [b"s%02d" % (i + 1)])
        deep += records((b"linkpath", target)) + symlink(b"s%02d" % i, b"")
    tar(21, "symlink-chain", deep + symlink(b"s32", b"../../canary") + file(b"s00/owned"), extract=SAME_LAYER)
    tar(22, "component-of-256", records((b"path", b"c" * 256)) + file(b"c"), "path component is longer than 255 bytes")
    tar(22, "component-of-255", records((b"path", b"c" * 255)) + file(b"c"))
    tar(22, "path-of-4100", records((b"path", b"/".join([b"c" * 240] * 18)[:4100])) + file(b"c"), "path is longer than 4096 bytes")
    tar(22, "depth-of-257", records((b"path", b"/".join([b"d"] * 257))) + file(b"d"), "path has more than 256 components")
    tar(22, "depth-of-256", records((b"path", b"/".join([b"d"] * 256))) + file(b"d"))
    tar(22, "link-of-4096", records((b"linkpath", b"t" * 4096)) + symlink(b"l", b""), "link target is longer than 4095 bytes")
    tar(23, "control-characters", file(b"a\nb") + file(b"a\rb") + file(b"\x1b[2J") + file(b"back\\slash") + file(b"co:lon") + file(b"\xc2\x9b"))
    tar(23, "nul-in-pax-path", records((b"path", b"a\0b")) + file(b"a"), "PAX path has a NUL byte")
    tar(23, "bytes-behind-name", file(b"a\0b"), "header field name has bytes after its end")
    tar(23, "bytes-behind-link", symlink(b"a", b"b\0c"), "header field linkname has bytes after its end")
    tar(24, "not-utf8", file(b"\xff\xfe") + file(b"\xc0\xaf") + file(b"x\xc0\xae\xc0\xae") + file(b"\xed\xa0\x80"))
    tar(24, "not-utf8-in-pax", records((b"path", b"\xff/\xc0\xaf")) + file(b"a"))
    tar(24, "equal-but-for-form", file("\u00e9".encode()) + file("e\u0301".encode()) + file(b"Case") + file(b"case"))
    tar(25, "names-of-others", file(b".nfs0001") + file(b".snapshot/x") + file(b"lost+found") + file(b".cairn/x") + file(b"..data") + file(b"..."))
    tar(26, "legal-links", symlink(b"etc/alternatives/awk", b"/usr/bin/mawk") + symlink(b"up", b"../../../x") + file(b"secret-link", b"x") + symlink(b"self", b"self"))
    tar(26, "trailing-slash-file", file(b"a/", b"x"), "name of something that is not a directory ends with a slash")
    tar(26, "trailing-slash-symlink", symlink(b"a/", b"b"), "ends with a slash")
    tar(26, "trailing-slash-pax-file", records((b"path", b"a/")) + file(b"a", b"x"), "ends with a slash")
    tar(26, "two-trailing-slashes", directory(b"a//"), "path has an empty component")
    tar(26, "hard-link-target-with-slash", file(b"a") + hard(b"b", b"a/"), "path has an empty component")
    tar(26, "old-directory", block(b"a/", b"\0"), "old-style directory entry")
    tar(26, "old-directory-behind-pax", records((b"path", b"b")) + file(b"a/", b"x" * 600, kind=b"\0"), "old-style directory entry")
    tar(26, "old-file", file(b"a", b"x", kind=b"\0"))
    tar(26, "link-name-on-file", file(b"a", link=b"b"), "has a link target but is no link")
    tar(26, "pax-link-name-on-file", records((b"linkpath", b"b")) + file(b"a"), "has a link target but is no link")
    tar(26, "symlink-to-nothing", symlink(b"a", b""), "symbolic link has no target")
    tar(26, "hard-link-to-nothing", hard(b"a", b""), "hard link has no target")


def whiteouts():
    names_no_entry = "whiteout names no entry"
    tar(27, "whiteout-of-nothing", file(b"low/.wh."), extract=names_no_entry)
    tar(28, "whiteout-of-dot", file(b"low/.wh.."), extract=names_no_entry)
    tar(29, "whiteout-of-dot-dot", file(b"low/.wh..."), extract=names_no_entry)
    tar(29, "whiteout-of-dot-dot-at-top", file(b".wh..."), extract=names_no_entry)
    tar(30, "opaque-before-siblings", file(b"low/.wh..wh..opq") + file(b"low/new"))
    tar(31, "opaque-after-siblings", file(b"low/new") + file(b"low/.wh..wh..opq"))
    tar(32, "opaque-of-missing", file(b"no/such/.wh..wh..opq"))
    tar(33, "whiteout-of-same-layer", file(b"x", b"kept") + file(b".wh.x"))
    tar(34, "whiteout-through-lower-symlink", file(b"lib/.wh.low"))
    tar(34, "whiteout-through-symlink-out", file(b"canary-link/.wh.secret") + file(b"canary-link/.wh..wh..opq"))
    tar(34, "whiteout-through-symlink", symlink(b"d", b"../canary") + file(b"d/.wh.secret"), extract=SAME_LAYER)
    tar(34, "whiteout-of-symlink", file(b".wh.canary-link"))
    tar(35, "whiteout-as-directory", directory(b".wh.low/"), extract="whiteout is not an empty file")
    tar(35, "below-a-whiteout", file(b".wh.low/x"), extract="lies below a whiteout")
    tar(36, "whiteout-with-content", file(b".wh.low", b"x"), extract="whiteout is not an empty file")
    tar(36, "whiteout-as-symlink", symlink(b".wh.low", b"x"), extract="whiteout is not an empty file")
    tar(36, "whiteout-as-hard-link", file(b".wh.low") + hard(b".wh.usr", b".wh.low"))
    tar(36, "hard-link-to-whiteout", file(b".wh.low") + hard(b"x", b".wh.low"), extract="hard link to a whiteout")
    tar(37, "aufs-plink", directory(b".wh..wh.plnk"), extract="whiteout is not an empty file")
    tar(37, "aufs-metadata", file(b".wh..wh.aufs"), extract="whiteout metadata of AUFS is not accepted")
    tar(37, "whiteout-of-whiteout", file(b".wh..wh.x"), extract="whiteout metadata of AUFS is not accepted")
    tar(38, "whiteout-of-cairn", file(b".wh..cairn"))
    tar(38, "opaque-root", file(b".wh..wh..opq"))
    tar(38, "whiteout-twice", file(b".wh.low") + file(b".wh.low"), extract=TWICE)


def structure():
    tar(39, "twice-the-same", file(b"x", b"1") + file(b"x", b"1"), extract=TWICE)
    tar(39, "twice-different", file(b"x", b"1") + file(b"x", b"2"), extract=TWICE)
    tar(39, "twice-in-other-spelling", file(b"x", b"1") + file(b"./x", b"2"), extract=TWICE)
    tar(39, "twice-through-alias", file(b"usr/lib/x", b"1") + file(b"lib/x", b"2"), extract=TWICE)
    tar(39, "directory-twice", directory(b"d", b"0000700") + file(b"d/x") + directory(b"d"))
    inner = padded(SMUGGLED)
    tar(40, "pax-size-over-zero", records((b"size", b"%d" % len(inner))) + block(b"x", size=0) + inner, "PAX size 1024 and header size 0 disagree")
    tar(41, "pax-size-zero", records((b"size", b"0")) + block(b"x", size=len(inner)) + inner, "PAX size 0 and header size 1024 disagree")
    tar(41, "pax-size-smaller", records((b"size", b"1")) + block(b"x", size=len(inner)) + inner, "PAX size 1 and header size 1024 disagree")
    tar(41, "pax-size-equal", records((b"size", b"1")) + file(b"x", b"1"))
    tar(41, "pax-size-negative", records((b"size", b"-1")) + file(b"x"), "PAX size is '-1'")
    tar(41, "pax-size-empty", records((b"size", b"")) + file(b"x", b"1"), "PAX size is ''")
    for key in (b"path", b"linkpath", b"size", b"uid", b"mtime", b"hdrcharset", b"SCHILY.xattr.user.a"):
        number = 42 if key == b"size" else 43
        tar(number, "global-" + key.decode().lower(), pax(record(key, b"1"), b"g") + file(b"x", b"1"), "only a comment is accepted")
    tar(43, "global-comment", pax(record(b"comment", b"0123456789abcdef"), b"g") + file(b"x", b"1"))
    tar(44, "two-pax-headers", records((b"path", b"first")) + records((b"mtime", b"1")) + file(b"x"), "PAX header where an entry must follow")
    tar(45, "pax-then-global", records((b"path", b"first")) + pax(record(b"comment", b"1"), b"g") + file(b"x"), "global PAX header where an entry must follow")
    tar(46, "pax-then-end", records((b"path", b"first")), "archive ends where an entry must follow")
    case(46, "pax-then-nothing", records((b"path", b"first")), "archive ends where an entry must follow")
    tar(46, "long-name-then-end", long_name(b"x\0"), "archive ends where an entry must follow")
    for what, body, why in (("too-long", b"20 path=abc\n", "wrong length"), ("too-short", b"5 path=abc\n", "newline"),
                            ("short-by-one", b"11 path=abc\n", "newline"), ("leading-zero", b"012 path=abc\n", "no valid length"),
                            ("no-newline", b"11 path=abc", "newline"), ("no-equals", b"9 patabc\n", "no key"),
                            ("empty-key", b"7 =abc\n", "no key"), ("nul-in-key", b"13 pa\0th=abc\n", "control characters"),
                            ("newline-in-key", b"13 pa\nth=abc\n", "control characters"), ("no-length", b" path=abc\n", "no valid length"),
                            ("huge-length", b"999999999 path=abc\n", "no valid length"), ("length-of-20-digits", b"18446744073709551628 path=a\n", "no valid length"),
                            ("negative-length", b"-12 path=abc\n", "no valid length"), ("tab", b"12\tpath=abc\n", "no valid length"),
                            ("zero-length", b"0 path=abc\n", "no valid length"), ("nul-padding", b"12 path=abc\n\0\0\0", "no valid length"),
                            ("empty", b"", "PAX header is empty"), ("empty-path", b"8 path=\n", "PAX path is empty")):
        tar(47, "pax-record-" + what, pax(body) + file(b"x", b"1"), why)
    tar(48, "two-paths", records((b"path", b"a"), (b"path", b"b")) + file(b"x"), "PAX key 'path' comes twice")
    tar(49, "pax-and-long-name", records((b"path", b"a")) + long_name(b"b\0") + file(b"x", magic=GNU), "GNU long name where an entry must follow")
    tar(49, "long-name-and-pax", long_name(b"b\0") + records((b"mtime", b"1")) + file(b"x", magic=GNU), "PAX header where an entry must follow")
    tar(49, "two-long-names", long_name(b"a\0") + long_name(b"b\0") + file(b"x", magic=GNU), "GNU long name where an entry must follow")
    tar(49, "long-name", long_name(b"n" * 200 + b"\0") + file(b"n" * 100, b"x", magic=GNU))
    tar(49, "long-name-and-link", long_name(b"t" * 200 + b"\0", b"K") + long_name(b"n" * 200 + b"\0") + block(b"n" * 100, b"2", link=b"t" * 100, magic=GNU))
    tar(49, "long-link-on-file", long_name(b"t" * 200 + b"\0", b"K") + file(b"n", magic=GNU), "has a link target but is no link")
    tar(49, "long-name-without-nul", long_name(b"n" * 200) + file(b"x", magic=GNU), "does not end with a NUL")
    tar(49, "long-name-with-more", long_name(b"n" * 20 + b"\0more\0") + file(b"x", magic=GNU), "bytes after its end")
    tar(49, "long-name-empty", long_name(b"\0") + file(b"x", magic=GNU), "GNU long name is empty")
    tar(49, "long-name-dot-dot", long_name(b"a/../../b\0") + file(b"x", magic=GNU), DOTS)
    tar(50, "long-name-of-1-gib", block(b"././@LongLink", b"L", 1 << 30, magic=GNU), "extension header has 1073741824 bytes")
    tar(51, "pax-of-64-mib", block(b"PaxHeaders/0", b"x", 64 << 20), "extension header has 67108864 bytes")
    tar(51, "pax-of-2000-records", records(*((b"SCHILY.xattr.user.%04d" % i, b"") for i in range(2000))) + file(b"x"), "more than 1024 records")
    tar(52, "hdrcharset-binary", records((b"hdrcharset", b"BINARY"), (b"path", b"\xff")) + file(b"x", b"1"))
    tar(52, "hdrcharset-utf8", records((b"hdrcharset", b"ISO-IR 10646 2000 UTF-8"), (b"path", b"\xc3\xa9")) + file(b"x", b"1"))
    tar(52, "hdrcharset-unknown", records((b"hdrcharset", b"EBCDIC"), (b"path", b"a")) + file(b"x"), "hdrcharset 'EBCDIC' is unknown")
    tar(52, "unknown-pax-key", records((b"EVIL.path", b"a")) + file(b"x"), "PAX key 'EVIL.path' is not accepted")
    tar(52, "harmless-pax-keys", records((b"atime", b"1.5"), (b"ctime", b"2"), (b"comment", b"c"), (b"uname", b"root"), (b"gname", b"root"),
                                         (b"LIBARCHIVE.creationtime", b"1"), (b"SCHILY.dev", b"1"), (b"SCHILY.ino", b"2"), (b"SCHILY.nlink", b"1")) + file(b"x", b"1"))
    for kind in b"123456":
        tar(53, "content-of-type-%c" % kind, block(b"x", bytes([kind]), 1024, link=b"y" if kind in b"12" else b"") + inner, BODY)
    for kind in b"7DVSANXMs":
        why = "sparse files are not accepted" if kind == ord("S") else f"entry type '{kind:c}' is not accepted"
        tar(54, f"type-{'lower-' if kind == ord('s') else ''}{kind:c}", block(b"x", bytes([kind]), 1024) + inner, why)
    tar(54, "type-newline", block(b"x", b"\n"), "entry type '\\n' is not accepted")
    old_sparse = bytearray(file(b"x", b"1", kind=b"S", magic=GNU))
    old_sparse[386:386 + 24] = b"00000000000\0" + b"10000000000\0"
    old_sparse[483:495] = b"10000000000\0"
    old_sparse[148:156] = b" " * 8
    old_sparse[148:156] = b"%06o\0 " % sum(old_sparse[:512])
    tar(55, "sparse-old-gnu", bytes(old_sparse), "GNU header has extra fields")
    tar(55, "sparse-0.0", records((b"GNU.sparse.size", b"1073741824"), (b"GNU.sparse.numblocks", b"1"), (b"GNU.sparse.offset", b"0"), (b"GNU.sparse.numbytes", b"1")) + file(b"x", b"1"), "sparse files are not accepted")
    tar(55, "sparse-0.1", records((b"GNU.sparse.map", b"0,18446744073709551615"), (b"GNU.sparse.name", b"y")) + file(b"x", b"1"), "sparse files are not accepted")
    tar(55, "sparse-1.0", records((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"y"), (b"GNU.sparse.realsize", b"1073741824")) + file(b"x", b"1\n0\n1\n"), "sparse files are not accepted")
    tar(55, "sparse-star", records((b"SCHILY.realsize", b"1073741824")) + file(b"x", b"1"), "sparse files are not accepted")
    tar(55, "sparse-solaris", records((b"SUN.holesdata", b" 0 1")) + file(b"x", b"1"), "sparse files are not accepted")
    tar(56, "size-minus-one", block(b"x", size=base256(-1, 12, 0xff)), "header field size is negative")
    tar(56, "size-2-63", block(b"x", size=base256(2**63, 12)), "header field size is too large")
    tar(56, "size-2-63-less-1", block(b"x", size=base256(2**63 - 1, 12)), "header field size is 9223372036854775807")
    case(56, "size-beyond-the-end", block(b"x", size=base256(2**62, 12)) + bytes(512), "before the end of its content")
    tar(56, "size-2-90", block(b"x", size=base256(2**87, 12)), "header field size is too large")
    tar(56, "size-bad-marker", block(b"x", size=base256(1, 12, 0xc0)), "header field size is not a number")
    tar(56, "size-with-junk", block(b"x", size=b"0000000000x"), "header field size is not an octal number")
    tar(56, "size-digit-8", block(b"x", size=b"00000000008"), "header field size is not an octal number")
    tar(56, "size-negative-octal", block(b"x", size=b"-0000000001"), "header field size is not an octal number")
    tar(56, "size-after-nul", block(b"x", size=b"\0001\0"), "header field size is not an octal number")
    tar(56, "size-with-spaces", block(b"x", size=b"          0 "))
    tar(56, "size-empty", block(b"x", size=b""))
    tar(56, "uid-2-32-less-1", block(b"x", uid=base256(2**32 - 1, 8)), "header field uid is 4294967295")
    tar(56, "uid-minus-one", block(b"x", uid=base256(-1, 8, 0xff)), "header field uid is negative")
    tar(56, "pax-uid-2-32-less-1", records((b"uid", b"4294967295")) + file(b"x"), "PAX uid is '4294967295'")
    tar(56, "pax-gid-negative", records((b"gid", b"-1")) + file(b"x"), "PAX gid is '-1'")
    tar(56, "uid-large", block(b"x", uid=base256(2**31, 8)))
    tar(56, "mtime-negative", block(b"x", mtime=base256(-1, 12, 0xff)))
    tar(56, "mtime-2-63", block(b"x", mtime=base256(2**63, 12)), "header field mtime is too large")
    tar(56, "pax-mtime-2-63", records((b"mtime", b"9223372036854775808")) + file(b"x"), "PAX mtime")
    tar(56, "pax-mtime-1e99", records((b"mtime", b"1e99")) + file(b"x"), "PAX mtime")
    tar(56, "pax-mtime-nan", records((b"mtime", b"nan")) + file(b"x"), "PAX mtime")
    tar(56, "pax-mtime-fraction", records((b"mtime", b"-1.000000001")) + file(b"x"))
    tar(57, "checksum-wrong", block(b"x", checksum=lambda b: b"000001\0 "), "header checksum is wrong")
    tar(57, "checksum-empty", block(b"x", checksum=lambda b: bytes(8)), "header checksum is wrong")
    tar(57, "checksum-signed", block(b"\xff" * 50, checksum=lambda b: b"%06o\0 " % (sum(b) - 256 * 50)), "header checksum is wrong")
    tar(57, "magic-none", block(b"x", magic=b""), "header is neither ustar nor GNU")
    tar(57, "magic-other-version", block(b"x", magic=b"ustar\x0001"), "header is neither ustar nor GNU")
    tar(57, "gnu-with-prefix", block(b"x", magic=GNU, prefix=b"pre"), "GNU header has extra fields")
    tar(57, "star", block(b"x", rest=bytes(8) + b"tar\0"), "header has bytes after its last field")
    case(58, "no-end-blocks", file(b"x", b"1"))
    case(58, "one-zero-block", file(b"x", b"1") + bytes(512))
    tar(58, "zero-block-then-entries", file(b"x") + bytes(512) + file(b"y"), AFTER)
    tar(58, "zero-blocks-then-entries", file(b"x") + bytes(1024) + file(b"y"), AFTER)
    case(58, "empty", b"")
    case(58, "only-zeros", bytes(1024))
    case(58, "cut-in-header", file(b"x", b"1")[:300], "archive ends inside a header")
    case(58, "cut-in-content", file(b"x", b"1" * 600)[:700], "before the end of its content")
    case(58, "cut-in-padding", file(b"x", b"1")[:700], "archive ends inside the padding")
    case(58, "cut-in-pax", records((b"path", b"a"))[:600], "archive ends inside an extension header")
    case(58, "padded-to-10-kib", file(b"x", b"1") + bytes(10240 - 1024))
    case(59, "data-after-end", file(b"x") + END + b"hidden", AFTER)
    case(59, "archive-after-end", file(b"x") + END + file(b"y") + END, AFTER)
    case(59, "data-far-after-end", file(b"x") + bytes(70000) + b"\1", AFTER)
    case(59, "not-tar", b"<!DOCTYPE html>" * 100, "header field checksum is not an octal number")
    case(59, "random", bytes(zlib.crc32(bytes([i & 0xff, i >> 8])) & 0xff for i in range(4096)), "tar header at byte 0")
    tar(60, "nesting-of-100-000", records((b"path", b"d/" * 100_000 + b"d")) + file(b"d"), "path is longer than 4096 bytes")
    tar(61, "xattr-of-64-kib", records((b"SCHILY.xattr.user.a", b"v" * 65537)) + file(b"x"), "more than 65536 bytes")
    tar(61, "xattr-name-of-256", records((b"SCHILY.xattr.user." + b"n" * 251, b"v")) + file(b"x"), "is not 1 to 255 bytes long")
    tar(61, "xattr-without-name", records((b"SCHILY.xattr.", b"v")) + file(b"x"), "is not 1 to 255 bytes long")
    tar(61, "xattr-name-with-nul", records((b"SCHILY.xattr.user.a\0b", b"v")) + file(b"x"), "control characters")
    tar(61, "xattrs-of-others", records((b"SCHILY.xattr.security.capability", b"\1\0\0\2" + bytes(16)), (b"SCHILY.xattr.security.selinux", b"x"),
                                        (b"SCHILY.xattr.trusted.overlay.opaque", b"y"), (b"SCHILY.xattr.user.overlay.opaque", b"y"), (b"SCHILY.xattr.user.empty", b"")) + file(b"x", b"1"))
    tar(62, "set-id", block(b"su", mode=b"0006755") + block(b"d", b"5", mode=b"0003755"))
    tar(62, "mode-0", block(b"x", mode=b"0000000") + block(b"d", b"5", mode=b"0000000") + file(b"d/y"))
    tar(62, "mode-0177777", block(b"x", mode=b"0177777"))
    tar(62, "mode-0200000", block(b"x", mode=b"0200000"), "header field mode")
    tar(63, "overlay-whiteout", block(b"x", b"3", major=b"0000000", minor=b"0000000"), extract="whiteout of overlayfs")
    tar(63, "fifo", block(b"x", b"6"))
    tar(63, "socket", block(b"x", b"s"), "entry type 's' is not accepted")


def packed(plain, **fields):
    """One gzip member with the header we say."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    flags = fields.get("flags", 0)
    body = deflate.compress(plain) + deflate.flush()
    crc = fields.get("crc", zlib.crc32(plain))
    size = fields.get("size", len(plain) & 0xffffffff)
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(4) + b"\0\xff" + fields.get("extra", b"") + body + struct.pack("<II", crc, size)


def zstd_frame(plain, header=b"\x00\x58", last=True, checksum=b""):
    """One frame of one raw block (RFC 8878); the header is the descriptor and a window of 2 MiB."""
    return b"\x28\xb5\x2f\xfd" + header + struct.pack("<I", len(plain) << 3 | last)[:3] + plain + checksum


def compression():
    layer = file(b"x", b"content") + END
    other = "other bytes follow the last gzip member"

    def gz(number, what, data, read="accept"):
        case(number, what, data, read, suffix="tar.gz")

    def zst(number, what, data, read="accept"):
        case(number, what, data, read, suffix="tar.zst")

    gz(64, "gzip-in-gzip", packed(packed(layer)), "tar header at byte 0")
    gz(65, "two-members", packed(layer[:700]) + packed(layer[700:]))
    gz(65, "empty-member", packed(layer) + packed(b""))
    gz(65, "two-archives", packed(layer) + packed(layer), AFTER)
    gz(66, "zeros-after-member", packed(layer) + bytes(512))
    gz(67, "junk-after-member", packed(layer) + b"junk", other)
    gz(67, "junk-after-zeros", packed(layer) + bytes(600) + b"junk", other)
    whole = packed(layer)
    for what, cut in (("header", 5), ("content", len(whole) - 20), ("trailer", len(whole) - 4)):
        gz(68, "cut-in-" + what, whole[:cut], "gzip stream ends inside a member")
    gz(68, "empty", b"", "not a gzip stream: it is empty")
    gz(69, "wrong-crc", packed(layer, crc=1), "incorrect data check")
    gz(69, "wrong-size", packed(layer, size=1), "incorrect length check")
    gz(70, "name-with-dot-dot", packed(layer, flags=8, extra=b"../../etc/passwd\0"))
    gz(70, "extra-field-of-64-kib", packed(layer, flags=4, extra=struct.pack("<H", 65535) + bytes(65535)))
    gz(70, "reserved-flag", packed(layer, flags=0x20), "unknown header flags")
    zst(71, "plain-frame", zstd_frame(layer))
    zst(71, "two-frames", zstd_frame(layer[:700]) + zstd_frame(layer[700:]))
    zst(71, "window-1-gib", zstd_frame(layer, b"\x00\xa0"), "zstd window is larger")
    zst(71, "window-2-41", zstd_frame(layer, b"\x00\xf8"), "zstd window is larger")
    zst(71, "bad-checksum", zstd_frame(layer, b"\x04\x58", checksum=b"0000"), "zstd: ")
    zst(71, "skippable-only", b"\x50\x2a\x4d\x18" + struct.pack("<I", 5) + b"extra")
    zst(71, "skippable-between", zstd_frame(layer[:700]) + b"\x5f\x2a\x4d\x18" + struct.pack("<I", 5) + b"extra" + zstd_frame(layer[700:]))
    zst(71, "dictionary", zstd_frame(layer, b"\x01\x58\x07"), "needs a dictionary")
    zst(71, "no-last-block", zstd_frame(layer, last=False), "zstd stream ends inside a frame")
    zst(71, "reserved-bit", zstd_frame(layer, b"\x08\x58"), "zstd: ")
    zst(71, "version-0.7", b"\x27" + zstd_frame(layer)[1:], "not a zstd stream")
    zst(71, "zeros-after-frame", zstd_frame(layer) + bytes(512), "other bytes follow the last zstd frame")
    gz(72, "zstd-as-gzip", zstd_frame(layer), "not a gzip stream")
    gz(72, "tar-as-gzip", layer, "not a gzip stream")
    gz(72, "xz-as-gzip", b"\xfd7zXZ\0\0\4" + bytes(24), "not a gzip stream")
    gz(72, "bzip2-as-gzip", b"BZh91AY&SY" + bytes(14), "not a gzip stream")
    gz(72, "zip-as-gzip", b"PK\3\4" + bytes(26), "not a gzip stream")
    zst(72, "gzip-as-zstd", packed(layer), "not a zstd stream")
    case(72, "gzip-as-tar", packed(layer), "tar header at byte 0")


def main():
    names_and_links()
    whiteouts()
    structure()
    compression()
    names = [name for name, *_ in CASES]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    for old in [*HERE.glob("*.tar"), *HERE.glob("*.tar.gz"), *HERE.glob("*.tar.zst")]:
        old.unlink()
    lines = []
    for name, data, read, extract in CASES:
        (HERE / name).write_bytes(data)
        fields = [name]
        for verdict in (read, extract):
            fields += ["accept", "-"] if verdict == "accept" else ["refuse", verdict]
        lines.append("\t".join(fields) + "\n")
    (HERE / "expected.tsv").write_text("".join(lines))


if __name__ == "__main__":
    main()
