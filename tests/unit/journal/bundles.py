"""What the tests of bundles share: an incident with evidence, its bundle, and the hand of whoever tampers with it."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from console.journal import frame, proof
from console.journal.blobs import Blobs
from console.journal.bundle import export
from console.journal.signing import Key, own_key, sign
from console.journal.tarball import BLOCK, header
from console.model.entry import Draft, Entry, Kind
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.support import hear, note, open_journal

needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
VALID, TAMPERED, INCOMPLETE, UNANCHORED = 0, 1, 2, 3
HEAP = b"what was in memory"
Files = dict[str, bytes]


class Case(NamedTuple):
    """An exported incident."""

    root: Path
    folder: Path
    bundle: Path
    key: Key
    files: Files
    lanes: tuple[str, ...]
    entries: tuple[Entry, ...]

    def __repr__(self) -> str:
        return f"Case({self.root})"

    @property
    def public(self) -> str:
        return str(self.root / "identity.pub")

    def anchors(self, *entries: Entry) -> str:
        """A file of lines that were kept outside."""
        path = self.root / "anchors.log"
        lines = [
            f"Nov 23 21:00:00 loghost warroom-anchor INC-0001 {e.stamp.lane} {e.stamp.seq} {e.hash}" for e in entries
        ]
        path.write_text("\n".join(["unrelated line", *lines, ""]))
        return str(path)

    def last(self, lane: int) -> Entry:
        return [e for e in self.entries if e.stamp.lane == self.lanes[lane]][-1]

    def made(self, files: Files) -> str:
        """The tar of other files than were exported."""
        path = self.root / "tampered.tar"
        path.write_bytes(tarred(files))
        return str(path)

    def resigned(self, files: Files, key: Key | None = None, change: Callable[[Any], None] | None = None) -> str:
        """The same with a manifest that fits, signed: by whoever exported, who may be the one who lies."""
        return self.made(signed(files, key or self.key, change))


def untarred(data: bytes) -> Files:
    files, at = {}, 0
    while data[at : at + BLOCK].strip(b"\0"):
        block = data[at : at + BLOCK]
        prefix, name = block[345:500].rstrip(b"\0").decode(), block[:100].rstrip(b"\0").decode()
        size = int(block[124:135], 8)
        files[f"{prefix}/{name}" if prefix else name] = data[at + BLOCK : at + BLOCK + size]
        at += BLOCK + size + -size % BLOCK
    return files


def tarred(files: Files) -> bytes:
    return b"".join(
        header(name, len(data)) + data + b"\0" * (-len(data) % BLOCK) for name, data in sorted(files.items())
    ) + b"\0" * (2 * BLOCK)


def signed(files: Files, key: Key, change: Callable[[Any], None] | None = None) -> Files:
    """Files with a manifest that describes them, as an exporter with bad intentions writes it."""
    files = {**files, "signer.pub": key.line.encode()}
    manifest = json.loads(files["MANIFEST.json"])

    def fresh(one: dict[str, Any], path: str) -> dict[str, Any]:
        return {**one, "size": len(files[path]), "sha256": sha256(files[path]).hexdigest()}

    manifest["files"] = [fresh(one, one["path"]) for one in manifest["files"] if one["path"] in files]
    there = sorted(path[6:] for path in files if path.startswith("blobs/"))
    manifest["blobs"] = [fresh({"name": name}, f"blobs/{name}") for name in there]
    for lane, facts in list(manifest["lanes"].items()):
        kept = [one for one in facts["files"] if one["path"] in files]
        facts["files"] = [fresh(one, one["path"]) for one in kept]
        facts.update(measured(manifest["incident"], lane, [(one["path"], one["segment"]) for one in kept], files))
        if not kept:
            del manifest["lanes"][lane]
    if change is not None:
        change(manifest)
    files["MANIFEST.json"] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    files["MANIFEST.json.sig"] = sign(key, files["MANIFEST.json"])
    return files


def measured(incident: str, lane: str, paths: list[tuple[str, int]], files: Files) -> dict[str, Any]:
    reader = proof.LaneReader(incident, lane, proof.Report())
    for path, segment in paths:
        for _ in reader.read(path, segment, files[path]):
            pass
    return {"entries": len(reader.lane.heads), "last_seq": reader.lane.last, "head": reader.lane.head.hex()}


def retold(files: Files) -> Files:
    """Files with the lines for people made anew from the lanes."""
    manifest, story = json.loads(files["MANIFEST.json"]), proof.Story()
    said: list[tuple[tuple[int, int, str, int], bytes]] = []
    for lane, facts in manifest["lanes"].items():
        reader = proof.LaneReader("INC-0001", lane, proof.Report())
        for one in facts["files"]:
            for line in reader.read(one["path"], one["segment"], files.get(one["path"], b"")):
                story.take(reader.lane, line)
                stamp = (line.header["wall"], line.header["logical"], lane, line.header["seq"])
                said.append((stamp, proof.written(proof.line_of(line, lane))))
    custody = b"".join(proof.written(one) for one in proof.custody_lines(story))
    return {**files, "entries.jsonl": b"".join(text for _, text in sorted(said)), "custody.jsonl": custody}


def frames(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


def rechained(lines: list[bytes], change: Callable[[int, bytes], bytes]) -> bytes:
    """A lane written anew with other payloads, whole in itself: what whoever owns the file can always do."""
    out, head, number = [lines[0]], bytes.fromhex(lines[0][18:82].decode()), 0
    for line in lines[1:]:
        item = frame.parse(line, 0)
        assert isinstance(item, frame.Frame)
        parts = []
        for sealed in item.entries:
            number += 1
            parts.append((sealed.header, sealed.salted[:32] + change(number, sealed.payload)))
        data, heads = frame.seal(head, parts)
        out.append(data)
        head = heads[-1]
    return b"".join(out)


def blanked(line: bytes) -> bytes:
    """A frame of one entry whose salt and payload were overwritten."""
    item = frame.parse(line, 0)
    assert isinstance(item, frame.Frame)
    salted = item.entries[0].salted
    return line.replace(salted, b"-" * len(salted))


def evidence(item: str, digest: str) -> list[Draft]:
    return [
        Draft(Kind.EVIDENCE_COLLECTED, {"item": item, "title": "heap", "collected_by": "ana"}),
        Draft(Kind.EVIDENCE_HASHED, {"item": item, "digest": digest, "blobs": [digest]}),
    ]


async def scene(folder: Path, last: list[Draft] | None = None) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
    """Two consoles that read each other, with a piece of evidence between them."""
    clock = ManualClock()
    ana, ben = [await open_journal(folder, host=host, clock=clock) for host in ("ana", "ben")]
    blob = Blobs(folder).put([HEAP])
    for number in range(4):
        await ana.append([note(f"ana sees {number}")])
        await hear(ben, clock)
        await ben.append([note(f"ben answers {number}"), note("and again")])
        await hear(ana, clock)
    await ana.append(evidence("E1", blob.digest))
    await ana.append([Draft(Kind.EVIDENCE_TRANSFERRED, {"item": "E1", "released_by": "ana", "received_by": "ben"})])
    await hear(ben, clock)
    await ben.append([note("ben has it")])
    if last:
        await ana.append(last)
    await hear(ana, clock)
    entries = tuple(ana.entries())
    await ana.close()
    await ben.close()
    return (ana.lane, ben.lane), entries


def case_in(root: Path, last: list[Draft] | None = None) -> Case:
    folder = root / "incidents" / "INC-0001"
    folder.mkdir(parents=True, mode=0o700)
    lanes, entries = asyncio.run(scene(folder, last))
    key, bundle = own_key(root, CountingIds()), root / "INC-0001.tar"
    export(folder, "INC-0001", bundle, key, ids=CountingIds())
    return Case(root, folder, bundle, key, untarred(bundle.read_bytes()), lanes, entries)


def other_key(root: Path) -> Key:
    return own_key(root / "other", CountingIds())


def code(bundle: str | Path, key: str = "", anchors: str = "") -> int:
    return proof.verify(str(bundle), key, anchors)[0].code


def told(bundle: str | Path, key: str = "", anchors: str = "") -> str:
    report = proof.verify(str(bundle), key, anchors)[0]
    return "\n".join(f"{line.level} {line.about}: {line.text}" for line in report.lines)
