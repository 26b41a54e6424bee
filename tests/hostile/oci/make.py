#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the hostile OCI documents and layouts beside this file, and expected.tsv, which says what must become of each.

    tests/hostile/oci/make.py          writes them again: the same bytes every time

A document (`manifest`, `index`, `config`) is given to the parser of that name. A `layout` is opened, its tag `it` is
resolved and the image validated. Verdict `accept`, or the Errc that must be thrown, or `finding` for what validation
must report; then a part of the text. What git cannot keep (FIFOs, unreadable files, 100 MiB) is in tests/unit."""

import hashlib
import io
import json
import pathlib
import shutil
import tarfile

here = pathlib.Path(__file__).parent
rows = []

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
REF_NAME = "org.opencontainers.image.ref.name"


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def text(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def descriptor(media_type, content: bytes, **more):
    return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}


def tar(name="file", content=b"x") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def manifest(**changes):
    value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, b"{}"),
             "layers": [descriptor(LAYER, b"layer")]}
    value.update(changes)
    return {key: item for key, item in value.items() if item is not ...}


def index(**changes):
    value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(MANIFEST, b"manifest")]}
    value.update(changes)
    return value


def config(**changes):
    value = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(b"layer")]}}
    value.update(changes)
    return value


def document(name, kind, verdict, fragment, data):
    data = data if isinstance(data, bytes) else text(data)
    (here / f"{name}.json").write_bytes(data)
    rows.append((f"{name}.json", kind, verdict, fragment))


def one_layer(**changes):
    """A manifest whose only layer descriptor is changed."""
    return manifest(layers=[{key: item for key, item in {**descriptor(LAYER, b"layer"), **changes}.items() if item is not ...}])


class Layout:
    """A small OCI layout, right unless the case spoils it."""

    def __init__(self, name, verdict, fragment):
        self.path = here / name
        (self.path / "blobs/sha256").mkdir(parents=True)
        (self.path / "oci-layout").write_bytes(text({"imageLayoutVersion": "1.0.0"}))
        rows.append((name, "layout", verdict, fragment))

    def blob(self, data: bytes, media_type, **more):
        (self.path / "blobs/sha256" / digest(data)[7:]).write_bytes(data)
        return descriptor(media_type, data, **more)

    def image(self, layers=None, diff_ids=None, history=None, media_type=MANIFEST, **more):
        plain = [tar()] if layers is None else layers
        settings = config(rootfs={"type": "layers", "diff_ids": [digest(layer) for layer in plain] if diff_ids is None else diff_ids})
        if history is not None:
            settings["history"] = history
        body = manifest(config=self.blob(text(settings), CONFIG), layers=[self.blob(layer, LAYER) for layer in plain])
        return self.blob(text(body), media_type, **more)

    def tag(self, *entries, name="it"):
        entries = [{**entry, "annotations": {REF_NAME: name, **entry.get("annotations", {})}} for entry in entries]
        self.index(text(index(manifests=entries)))
        return self

    def index(self, data: bytes):
        (self.path / "index.json").write_bytes(data)


def documents():
    document("73-manifest-and-index", "manifest", "bad_input", "'manifests': does not belong", manifest(manifests=[]))
    document("73-index-and-manifest", "index", "bad_input", "'layers': does not belong", index(layers=[]))
    document("73-index-with-config", "index", "bad_input", "'config': does not belong", index(config=descriptor(CONFIG, b"{}")))
    document("74-manifest-says-index", "manifest", "bad_input", "'mediaType': is", manifest(mediaType=INDEX))
    document("74-index-says-manifest", "index", "bad_input", "'mediaType': is", index(mediaType=MANIFEST))

    good = text(manifest())
    document("75-layers-twice", "manifest", "bad_input", "'layers': the key is there twice", good[:-1] + b',"layers":[]}')
    document("75-layers-in-upper-case", "manifest", "bad_input", "'Layers': differs from the key 'layers'", manifest(Layers=[]))
    document("75-digest-twice", "manifest", "bad_input", "'config.digest': the key is there twice",
             good.replace(b'"config":{', b'"config":{"digest":"' + digest(b"other").encode() + b'",'))
    document("75-digest-twice-escaped", "manifest", "bad_input", "'config.digest': the key is there twice",
             good.replace(b'"config":{', b'"config":{"dige\\u0073t":"' + digest(b"other").encode() + b'",'))
    document("75-size-in-upper-case", "manifest", "bad_input", "'layers[0].Size': differs from the key 'size'", one_layer(Size=1))
    document("75-config-user-twice", "config", "bad_input", "'config.user': differs from the key 'User'", config(config={"User": "1", "user": "0"}))

    document("76-size-negative", "manifest", "bad_input", "'layers[0].size': is negative", one_layer(size=-1))
    document("76-size-too-large", "manifest", "bad_input", "'layers[0].size': is 9007199254740993", one_layer(size=2**53 + 1))
    document("76-size-over-64-bits", "manifest", "bad_input", "'layers[0].size': is a number", one_layer(size=2**64))
    document("76-size-text", "manifest", "bad_input", "'layers[0].size': is a string", one_layer(size="10"))
    document("76-size-exponent", "manifest", "bad_input", "'layers[0].size': is a number",
             text(one_layer(size=424242)).replace(b"424242", b"1e3"))
    document("76-size-fraction", "manifest", "bad_input", "'layers[0].size': is a number", one_layer(size=10.5))
    document("76-size-missing", "manifest", "bad_input", "'layers[0]': 'size' is missing", one_layer(size=...))
    document("76-size-null", "manifest", "bad_input", "'layers[0]': 'size' is missing", one_layer(size=None))
    document("76-size-leading-zero", "manifest", "bad_input", "not JSON", text(one_layer(size=424242)).replace(b"424242", b"010"))
    document("76-schema-version-text", "manifest", "bad_input", "'schemaVersion': is a string", manifest(schemaVersion="2"))
    document("76-schema-version-missing", "manifest", "bad_input", "'schemaVersion' is missing", manifest(schemaVersion=...))

    document("77-digest-with-path", "manifest", "bad_input", "'layers[0].digest': 'sha256:../../../etc/passwd'", one_layer(digest="sha256:../../../etc/passwd"))
    document("77-digest-upper-case", "manifest", "bad_input", "where a lower-case hex digit is expected", one_layer(digest="sha256:" + "AB" * 32))
    document("77-digest-short", "manifest", "bad_input", "63 hex digits", one_layer(digest="sha256:" + "a" * 63))
    document("77-digest-sha512", "manifest", "unsupported", "only sha256", one_layer(digest="sha512:" + "ab" * 64))
    document("77-digest-unknown", "manifest", "bad_input", "unknown digest algorithm 'sha257'", one_layer(digest="sha257:" + "ab" * 32))
    document("77-digest-empty", "manifest", "bad_input", "not a digest", one_layer(digest=""))
    document("77-digest-upper-case-algorithm", "manifest", "bad_input", "unknown digest algorithm", one_layer(digest="SHA256:" + "ab" * 32))
    document("77-digest-with-newline", "manifest", "bad_input", "65 hex digits", one_layer(digest="sha256:" + "ab" * 32 + "\n"))

    document("78-data-disagrees", "manifest", "bad_input", "'config.data': disagrees with 'digest'", manifest(config=descriptor(CONFIG, b"{}", data="W10=")))
    document("78-data-too-long", "manifest", "bad_input", "'config.data': holds 3 bytes", manifest(config=descriptor(CONFIG, b"{}", data="e30K")))
    document("78-data-not-base64", "manifest", "bad_input", "'config.data': not base64", manifest(config=descriptor(CONFIG, b"{}", data="{}")))
    document("78-data-agrees", "manifest", "accept", "", manifest(config=descriptor(CONFIG, b"{}", data="e30=")))

    document("79-diff-ids-missing", "config", "bad_input", "'rootfs' is missing", {"architecture": "amd64", "os": "linux"})
    document("79-rootfs-unknown", "config", "bad_input", "expected 'layers'", config(rootfs={"type": "squashfs", "diff_ids": []}))

    document("80-deep", "manifest", "bad_input", "more than 64 deep", b"[" * 10000 + b"]" * 10000)
    document("80-deep-objects", "manifest", "bad_input", "more than 64 deep", b'{"a":' * 10000 + b"1" + b"}" * 10000)
    document("80-utf-16", "manifest", "bad_input", "not JSON", json.dumps(manifest()).encode("utf-16"))
    document("80-byte-order-mark", "manifest", "bad_input", "byte order mark", b"\xef\xbb\xbf" + good)
    document("80-trailing-text", "manifest", "bad_input", "not JSON", good + b"x")
    document("80-trailing-value", "manifest", "bad_input", "not JSON", good + good)
    document("80-trailing-nul", "manifest", "bad_input", "a NUL", good + b"\0")
    document("80-trailing-white-space", "manifest", "accept", "", good + b" \n")
    document("80-not-utf-8", "manifest", "bad_input", "not JSON", text(manifest(annotations={"a": "@"})).replace(b"@", b"\xff"))
    document("80-overlong-utf-8", "manifest", "bad_input", "not JSON", text(manifest(annotations={"a": "@"})).replace(b"@", b"\xc0\xaf"))
    document("80-lone-surrogate", "manifest", "bad_input", "not JSON", text(manifest(annotations={"a": "@"})).replace(b"@", b"\\ud800"))
    document("80-not-an-object", "manifest", "bad_input", "is an array", b"[]")
    document("80-empty", "manifest", "bad_input", "not JSON", b"")
    document("80-comment", "manifest", "bad_input", "not JSON", b"/* x */" + good)

    document("81-index-in-index", "index", "accept", "", index(manifests=[descriptor(INDEX, b"index")]))
    document("82-manifests-null", "index", "bad_input", "'manifests' is missing", index(manifests=None))

    document("84-no-layers", "manifest", "accept", "", manifest(layers=[]))
    document("84-same-layer-twice", "manifest", "accept", "", manifest(layers=[descriptor(LAYER, b"layer")] * 2))
    document("84-layers-object", "manifest", "bad_input", "'layers': is an object", manifest(layers={}))

    document("85-urls-http", "manifest", "accept", "", one_layer(urls=["http://example.org/x", "https://example.org/x"]))
    document("85-urls-file", "manifest", "bad_input", "'layers[0].urls[0]': 'file:///etc/passwd' is not an http", one_layer(urls=["file:///etc/passwd"]))
    document("85-urls-gopher", "manifest", "bad_input", "is not an http or https URL", one_layer(urls=["https://a/", "gopher://example.org/x"]))
    document("85-urls-with-newline", "manifest", "bad_input", "is not an http or https URL", one_layer(urls=["http://example.org/\r\nHost: evil"]))
    document("85-urls-text", "manifest", "bad_input", "'layers[0].urls': is a string", one_layer(urls="http://example.org"))

    document("86-annotation-controls", "manifest", "accept", "", manifest(annotations={"a\x1b[2J": "\x07\x00\n"}))
    document("86-annotation-number", "manifest", "bad_input", "'annotations.a': is an integer", manifest(annotations={"a": 1}))
    document("86-annotation-list", "manifest", "bad_input", "'annotations': is an array", manifest(annotations=["a"]))
    document("86-media-type-controls", "manifest", "bad_input", "is not a media type", one_layer(mediaType="application/x\x1b[2J"))
    document("86-media-type-empty", "manifest", "bad_input", "is not a media type", one_layer(mediaType=""))


def layouts():
    layout = Layout("00-good", "accept", "")
    layout.tag(layout.image())

    layout = Layout("74-body-is-an-index", "bad_input", "does not belong")
    layout.tag(layout.blob(text(index(manifests=[])), MANIFEST))
    layout = Layout("74-descriptor-says-docker", "bad_input", "its descriptor says 'application/vnd.docker")
    layout.tag({**layout.image(), "mediaType": "application/vnd.docker.distribution.manifest.v2+json"})

    layout = Layout("79-too-few-diff-ids", "bad_input", "0 diff_ids for 1 layers")
    layout.tag(layout.image(diff_ids=[]))
    layout = Layout("79-wrong-diff-id", "finding", "diff_id is sha256:")
    layout.tag(layout.image(diff_ids=[digest(b"other")]))
    layout = Layout("79-history-mismatch", "finding", "history has 2 steps that make layers")
    layout.tag(layout.image(history=[{"created_by": "a"}, {"created_by": "b"}]))

    layout = Layout("81-index-names-itself", "corrupt", "content has digest")
    forged = digest(b"forged")
    body = text(index(manifests=[{"mediaType": INDEX, "digest": forged, "size": 1}]))
    entry = {"mediaType": INDEX, "digest": forged, "size": len(body)}
    (layout.path / "blobs/sha256" / forged[7:]).write_bytes(body)
    layout.tag(entry)
    layout = Layout("81-index-in-indexes", "limit", "more than 4 deep")
    entry = layout.image()
    for _ in range(6):
        entry = layout.blob(text(index(manifests=[entry])), INDEX)
    layout.tag(entry)

    Layout("82-no-index", "corrupt", "missing from the image layout")
    Layout("82-manifests-null", "not_found", "the store has no tags").index(text({"schemaVersion": 2, "manifests": None}))
    layout = Layout("82-name-twice", "corrupt", "gives this name to 2 manifests")
    layout.tag(layout.image(), layout.image(layers=[tar("other")]))
    layout = Layout("82-name-twice-same", "accept", "")
    layout.tag(*[layout.image()] * 2)
    Layout("82-index-cut-short", "corrupt", "not JSON").index(b'{"schemaVersion":2,"manifests":[')

    layout = Layout("83-blob-is-a-link", "finding", "is a symbolic link")
    layout.tag(layout.image())
    blob = layout.path / "blobs/sha256" / digest(tar())[7:]
    blob.unlink()
    blob.symlink_to("/etc/passwd")
    layout = Layout("83-blob-is-a-directory", "finding", "not a regular file")
    layout.tag(layout.image())
    blob = layout.path / "blobs/sha256" / digest(tar())[7:]
    blob.unlink()
    blob.mkdir()
    (blob / "README").write_text("git keeps no empty directories\n")
    layout = Layout("83-blob-of-another-size", "finding", "bytes are stored")
    layout.tag(layout.image())
    (layout.path / "blobs/sha256" / digest(tar())[7:]).write_bytes(b"short")
    layout = Layout("83-blob-is-missing", "finding", "not in the store")
    layout.tag(layout.image())
    (layout.path / "blobs/sha256" / digest(tar())[7:]).unlink()
    layout = Layout("83-blob-is-another", "finding", "content has digest")
    layout.tag(layout.image())
    (layout.path / "blobs/sha256" / digest(tar())[7:]).write_bytes(tar(content=b"y"))

    layout = Layout("84-too-many-layers", "limit", "501 layers, the limit is 500")
    layout.tag(layout.image(layers=[tar()] * 501))
    layout = Layout("84-500-times-the-same", "accept", "")
    layout.tag(layout.image(layers=[tar()] * 500))

    layout = Layout("86-name-with-path", "not_found", "no such tag")
    layout.tag(layout.image(), name="../it")
    layout = Layout("87-other-platforms-only", "not_found", "no image for linux/")
    platforms = [{"os": "windows", "architecture": "amd64"}, {"os": "linux", "architecture": "s390x"}, {"os": "unknown", "architecture": "unknown"}]
    layout.tag(layout.blob(text(index(manifests=[{**layout.image(layers=[tar(f"f{i}")]), "platform": platform} for i, platform in enumerate(platforms)])), INDEX))

    layout = Layout("88-layer-is-no-tar", "finding", "tar header")
    layout.tag(layout.image(layers=[b"x" * 1024]))
    layout = Layout("88-newer-layout", "unsupported", "version '2.0.0'")
    layout.tag(layout.image())
    (layout.path / "oci-layout").write_bytes(text({"imageLayoutVersion": "2.0.0"}))


def main():
    for old in here.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.suffix == ".json":
            old.unlink()
    documents()
    layouts()
    rows.sort()
    lines = ["# file or directory\tread as\tverdict\tpart of the text"] + ["\t".join(row) for row in rows]
    (here / "expected.tsv").write_text("\n".join(lines) + "\n")


main()
