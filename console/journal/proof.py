#!/usr/bin/env python3
"""Verifies a bundle of an incident's evidence: nothing but this file, Python 3.8 or later and ssh-keygen is needed.

    python3 -I verify.py BUNDLE [--key K] [--anchors FILE] [--json]

K is whom you trust to have made the bundle: a file with a public key, a line of an allowed_signers file (or the file),
or a fingerprint ("SHA256:..."). Have it from elsewhere: a key out of the bundle proves nothing. FILE is any text with
lines that hold "warroom-anchor INCIDENT LANE SEQ HEAD", such as an extract of syslog from another machine.

Exit codes: 0 valid and anchored outside, 1 tampered with or damaged, 2 incomplete, 3 valid but not anchored, 64 usage.

It stands alone on purpose, shares no code with the console, and reads the bundle only; nothing is unpacked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import zlib
from typing import Any, BinaryIO, Iterable, Iterator, NamedTuple  # noqa: UP035 - Python 3.8 evaluates base classes

VALID, TAMPERED, INCOMPLETE, UNANCHORED, USAGE = 0, 1, 2, 3, 64
VERDICTS = {
    VALID: "valid: all of it is as it was written, and anchored outside",
    TAMPERED: "tampered with or damaged",
    INCOMPLETE: "incomplete: what is here is as it was written, but not all is here",
    UNANCHORED: "valid, but not anchored: nothing outside proves that it was not all made up later",
}
NAMESPACE = "warroom-bundle"
FORMAT = "warroom-bundle-1"
MANIFEST, SIGNATURE, SIGNER = "MANIFEST.json", "MANIFEST.json.sig", "signer.pub"
ENTRIES, CUSTODY = "entries.jsonl", "custody.jsonl"
BLOCK = 512
PLAIN = (MANIFEST, SIGNATURE, SIGNER, "README.txt", "verify.py", ENTRIES, CUSTODY)
LANE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.[0-9]{1,10}\.[fm]?[0-9a-f]{1,20}"
NAME = re.compile(
    "|".join(
        [re.escape(name) for name in PLAIN]
        + ["blobs/[0-9a-f]{64}", r"(?:lanes|fallback)/" + LANE + r"/[0-9]{1,6}\.lane"]
    )
)
HEX64 = re.compile("[0-9a-f]{64}")
MOST_ALIKE = 40
MOST_FILES, MOST_MANIFEST = 200_000, 64 << 20


class Finding(NamedTuple):
    level: str
    """``ok``, ``note``, ``incomplete`` or ``tampered``."""
    about: str
    text: str


class Report:
    """What was checked, line by line, and what follows from it."""

    def __init__(self) -> None:
        self.lines: list[Finding] = []
        self.anchored = False
        self.counts: dict[str, int] = {}
        self.alike: dict[tuple[str, str], int] = {}

    def add(self, level: str, about: str, text: str) -> None:
        alike = (level, about)
        self.alike[alike] = self.alike.get(alike, 0) + 1
        if self.alike[alike] <= MOST_ALIKE:
            self.lines.append(Finding(level, harmless(about), harmless(text)))

    def tally(self, about: str, good: int, of: int, text: str) -> None:
        """How many of how many; what is wrong with the others was told before."""
        self.add("ok" if good == of else "note", about, f"{good} of {of} {text}")

    def more(self) -> None:
        """Say how much was not told line by line."""
        for (level, about), count in sorted(self.alike.items()):
            if count > MOST_ALIKE:
                self.lines.append(Finding(level, harmless(about), f"and {count - MOST_ALIKE} more of the kind"))

    @property
    def code(self) -> int:
        levels = {line.level for line in self.lines}
        if "tampered" in levels:
            return TAMPERED
        if "incomplete" in levels:
            return INCOMPLETE
        return VALID if self.anchored else UNANCHORED


def harmless(text: str) -> str:
    """Text from the bundle that no terminal takes for anything else."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:500])
    return shown.encode("ascii", "backslashreplace").decode("ascii")


# --- the archive


class Member(NamedTuple):
    offset: int
    size: int


def header_of(name: str, size: int) -> bytes:
    """The only header that a member of this name and size may have (ustar, regular file, no owner, no time)."""
    prefix, last = ("", name) if len(name) <= 100 else name.rsplit("/", 1)
    fields = b"%-100s0000644\0" % last.encode() + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0"
    rest = b"0" + b"\0" * 100 + b"ustar\x0000" + b"\0" * 64 + b"0000000\0" * 2 + prefix.encode()
    block = (fields.replace(b" ", b"\0") + b" " * 8 + rest).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def members(file: BinaryIO, report: Report) -> dict[str, Member]:
    """The archive's files. What is not exactly as an export writes it is refused where it stands: links, devices,
    paths out of the archive, names twice, other owners, bytes between files."""
    found: dict[str, Member] = {}
    end = file.seek(0, os.SEEK_END)
    at, last = 0, ""
    while True:
        file.seek(at)
        block = file.read(BLOCK)
        if len(block) < BLOCK:
            report.add("incomplete", "archive", f"ends after {end} bytes, in the middle")
            return found
        if not block.strip(b"\0"):
            break
        name = block[:100].rstrip(b"\0").decode("latin-1")
        prefix = block[345:500].rstrip(b"\0").decode("latin-1")
        name = prefix + "/" + name if prefix else name
        digits = block[124:135]
        size = int(digits, 8) if re.fullmatch(b"[0-7]{11}", digits) else -1
        why = refusal(name, size, block, last, len(found))
        if why:
            report.add("tampered", "archive", f"byte {at}: {why}")
            return found
        following = at + BLOCK + size + -size % BLOCK
        if following > end:
            report.add("incomplete", "archive", f"{name} is cut off after {end - at - BLOCK} of {size} bytes")
            return found
        found[name] = Member(at + BLOCK, size)
        file.seek(at + BLOCK + size)
        if file.read(-size % BLOCK).strip(b"\0"):
            report.add("tampered", "archive", f"there is something behind the end of {name}")
        at, last = following, name
    file.seek(at)
    rest = file.read(64 * BLOCK + 1)
    if len(rest) < 2 * BLOCK:
        report.add("incomplete", "archive", "its end is cut off")
    elif rest.strip(b"\0") or len(rest) > 2 * BLOCK:
        report.add("tampered", "archive", "there is something behind its end")
    report.add("ok", "archive", f"{len(found)} files, {end} bytes, none of them unsafe")
    return found


def refusal(name: str, size: int, block: bytes, last: str, count: int) -> str:
    """Why a member is not taken, ``""`` = it is."""
    if not NAME.fullmatch(name):
        return f"a file of the name {name!r} does not belong into a bundle"
    if size < 0 or block != header_of(name, size):
        return f"the header of {name} is not one that an export writes"
    if name <= last:
        return f"{name} comes twice or out of order"
    return f"more files than {MOST_FILES}" if count >= MOST_FILES else ""


class Archive:
    """The bytes of the members."""

    def __init__(self, file: BinaryIO, found: dict[str, Member]) -> None:
        self.file = file
        self.found = found

    def pieces(self, name: str) -> Iterator[bytes]:
        offset, left = self.found[name]
        while left:
            self.file.seek(offset)
            piece = self.file.read(min(left, 1 << 20))
            if not piece:
                return
            yield piece
            offset, left = offset + len(piece), left - len(piece)

    def read(self, name: str) -> bytes:
        return b"".join(self.pieces(name))

    def digest(self, name: str) -> str:
        found = hashlib.sha256()
        for piece in self.pieces(name):
            found.update(piece)
        return found.hexdigest()


# --- manifest and signature


class LaneFile(NamedTuple):
    path: str
    segment: int


class LaneFacts(NamedTuple):
    files: list[LaneFile]
    entries: int
    last_seq: int
    head: str
    key: str
    owner: int


class Manifest(NamedTuple):
    incident: str
    lanes: dict[str, LaneFacts]
    listed: dict[str, tuple[int, str]]
    """Path of every file but the manifest and its signature: size and SHA-256."""
    damage: int
    missing: list[str]
    """Files that whoever exported could not read."""


def strictly(data: bytes) -> Any:
    """JSON without NaN; ``ValueError`` if it is none."""

    def refuse(text: str) -> Any:
        raise ValueError(text)

    try:
        return json.loads(data.decode("utf-8"), parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_manifest(data: bytes) -> Manifest:
    """The manifest; ``ValueError``, ``KeyError`` or ``TypeError`` if it is none of this format."""
    said = strictly(data)
    if said["format"] != FORMAT:
        raise ValueError(f"format {said['format']!r} is not known here")
    listed: dict[str, tuple[int, str]] = {}

    def take(path: str, size: int, digest: str) -> None:
        if not NAME.fullmatch(path) or path in listed or not HEX64.fullmatch(digest) or size < 0:
            raise ValueError(f"lists {path!r} wrongly or twice")
        listed[path] = (size, digest)

    lanes = {}
    for lane, facts in said["lanes"].items():
        if not re.fullmatch(LANE, lane):
            raise ValueError(f"lists {lane!r} as a lane")
        files = []
        for one in facts["files"]:
            path, segment = one["path"], one["segment"]
            if path.split("/", 1)[1] != f"{lane}/{segment}.lane":
                raise ValueError(f"lists {path!r} for another lane")
            take(path, one["size"], one["sha256"])
            files.append(LaneFile(path, segment))
        files.sort(key=lambda file: (file.segment, file.path.startswith("fallback/")))
        numbers = (int(facts["entries"]), int(facts["last_seq"]))
        lanes[lane] = LaneFacts(files, *numbers, str(facts["head"]), str(facts["key"]), int(facts["owner"]))
    for one in said["blobs"]:
        take("blobs/" + one["name"], one["size"], one["sha256"])
    for one in said["files"]:
        take(one["path"], one["size"], one["sha256"])
    missing = [f"{one['path']} could not be read: {one['why']}" for one in said["missing"]]
    return Manifest(str(said["incident"]), lanes, listed, len(said["damage"]), missing)


def check_manifest(archive: Archive, report: Report) -> Manifest | None:
    """Whether the archive holds what the manifest lists, and nothing else."""
    size = archive.found[MANIFEST].size if MANIFEST in archive.found else 0
    if not size:
        report.add("incomplete", "manifest", "there is none")
        return None
    try:
        if size > MOST_MANIFEST:
            raise ValueError("it is too long")
        manifest = read_manifest(archive.read(MANIFEST))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        report.add("tampered", "manifest", f"cannot be read: {error}")
        return None
    good = 0
    for path, (size, digest) in sorted(manifest.listed.items()):
        if path not in archive.found:
            report.add("incomplete", "manifest", f"{path} is missing")
        elif archive.found[path].size != size or archive.digest(path) != digest:
            report.add("tampered", "manifest", f"{path} is not as it is listed")
        else:
            good += 1
    for path in sorted(set(archive.found) - set(manifest.listed) - {MANIFEST, SIGNATURE}):
        report.add("tampered", "manifest", f"{path} is not listed")
    for path in sorted({SIGNER, ENTRIES, CUSTODY} - set(manifest.listed)):
        report.add("incomplete", "manifest", f"lists no {path}")
    report.tally("manifest", good, len(manifest.listed), "listed files are there and as listed")
    for text in manifest.missing:
        report.add("incomplete", "export", text)
    if manifest.damage:
        report.add("note", "manifest", f"whoever exported it was told of damage in {manifest.damage} places")
    return manifest


KEY = re.compile(r"(?:^|\s)(ssh-ed25519)[ \t]+([A-Za-z0-9+/]+={0,2})(?=\s|$)")


def fingerprint(key: str) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode().rstrip("=")


def armoured(blob: bytes) -> bytes:
    """A signature as ssh-keygen writes it: 70 characters a line."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()


def trusted(given: str, signer: str) -> tuple[str, str]:
    """The options under which the given key trusts the signer's, and why it does not."""
    if given.startswith("SHA256:"):
        return "", "" if fingerprint(signer) == given.rstrip("=") else "the key given has another fingerprint"
    text = given
    if os.path.exists(given):
        with open(given, encoding="utf-8", errors="replace") as file:
            text = file.read(1 << 20)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#") and KEY.search(line)]
    if not lines:
        raise SystemExit(f"--key: {harmless(given)} holds no Ed25519 public key")
    for line in lines:
        match = KEY.search(line)
        if match is not None and match[2] == signer:
            return " ".join(line[: match.start()].split()[1:]), ""
    return "", "it is signed by another key than the one given"


def check_signature(archive: Archive, key: str, report: Report) -> str:
    """Whether the manifest is signed by whom it should be; the signer's fingerprint."""
    if SIGNATURE not in archive.found or SIGNER not in archive.found:
        report.add("incomplete", "signature", "there is none, or no key of who signed")
        return ""
    match = KEY.search(archive.read(SIGNER)[:4096].decode("latin-1"))
    if match is None:
        report.add("tampered", "signature", f"{SIGNER} holds no Ed25519 key")
        return ""
    signer, options = match[2], ""
    try:
        mark = fingerprint(signer)
        signature = archive.read(SIGNATURE)[: 1 << 16]
        if armoured(base64.b64decode(b"".join(signature.split(b"\n")[1:-2]), validate=True)) != signature:
            raise ValueError("is not one that ssh-keygen writes")
    except (ValueError, binascii.Error) as error:
        report.add("tampered", "signature", f"cannot be read: {error}")
        return ""
    if key:
        options, why = trusted(key, signer)
        if why:
            report.add("tampered", "signature", f"{why}: {mark} made it")
            return mark
    done, said = keygen(archive.read(MANIFEST), signature, options, signer)
    if done is None:
        report.add("incomplete", "signature", said)
    elif not done:
        report.add("tampered", "signature", f"the manifest is not what {mark} signed: {said}")
    elif key:
        report.add("ok", "signature", f"the manifest is signed by the key given, {mark}")
    else:
        report.add("ok", "signature", f"the manifest is signed by the key that lies beside it, {mark}")
        report.add("note", "signature", "no --key: whoever made the bundle may have made everything in it")
    return mark


def keygen(data: bytes, signature: bytes, options: str, signer: str) -> tuple[bool | None, str]:
    """What ssh-keygen says of a signature; ``None`` = it cannot be asked."""
    with tempfile.TemporaryDirectory(prefix="warroom-verify-") as folder:
        sign, allowed = os.path.join(folder, "sig"), os.path.join(folder, "allowed")
        with open(sign, "wb") as file:
            file.write(signature)
        with open(allowed, "w", encoding="utf-8") as text:
            text.write(" ".join(["warroom", options, "ssh-ed25519", signer]) + "\n")
        command = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "warroom", "-n", NAMESPACE, "-s", sign]
        try:
            done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return None, "ssh-keygen is not there or does not answer, so that it could not be checked"
    said = done.stdout.decode("ascii", "replace").strip().splitlines()
    return done.returncode == 0, said[-1] if said else ""


# --- lanes


class Line(NamedTuple):
    """One entry as it stands in a frame."""

    header: dict[str, Any]
    payload: dict[str, Any] | None
    """``None`` = redacted."""
    head: bytes


class Lane:
    """What a lane says once it was read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heads: dict[int, bytes] = {}
        self.last = 0
        self.stamp = (-1, -1)
        self.key = ""
        self.redacted: list[str] = []
        self.head = b""

    @property
    def uid(self) -> str:
        return self.name.rsplit(".", 2)[1]

    @property
    def owner(self) -> str:
        """Host and uid: who may redact what stands in it."""
        return self.name.rpartition(".")[0]


FRAME = re.compile(rb"([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{64}) ")
PART = re.compile(rb"([0-9a-f]{6}) ([0-9a-f]{8}) ([0-9a-f]{64}) ")
SALT = 32
END_OF_TIME = 253_402_300_800_000
"""Milliseconds from 1970 to the year 10,000."""


class Frame(NamedTuple):
    head: bytes
    prologue: bytes
    parts: list[tuple[bytes, bytes, bytes]]
    """Header, digest, salt and payload of each entry."""


def take_apart(line: bytes) -> Frame:
    """One line without its line feed as a frame; ``ValueError`` says what is wrong with it."""
    lead = FRAME.match(line)
    if lead is None:
        raise ValueError("is not a frame")
    body = line[lead.end() :]
    if int(lead[1], 16) != len(body) or not body:
        raise ValueError(f"is {len(body)} bytes long and says {int(lead[1], 16)}")
    parts, at, covered, whole = [], 0, [lead[1], lead[3]], True
    prologue = body[:1] == b"{"
    while at < len(body) and not prologue:
        part = PART.match(body, at)
        if part is None:
            raise ValueError("has an entry that cannot be read")
        middle = part.end() + int(part[1], 16)
        stop = middle + int(part[2], 16)
        if stop > len(body):
            raise ValueError("has an entry that is longer than the frame")
        covered.append(body[at:middle])
        salted, digest = body[middle:stop], bytes.fromhex(part[3].decode())
        blank = len(salted) > SALT and salted == b"-" * len(salted)
        whole = whole and (blank or hashlib.sha256(salted).digest() == digest)
        parts.append((body[part.end() : middle], digest, salted))
        at = stop
    if prologue:
        covered.append(body)
    if b"%08x" % zlib.crc32(b"".join(covered)) != lead[2]:
        raise ValueError("fails its CRC")
    if not whole:
        raise ValueError("has a payload that does not match its digest")
    return Frame(bytes.fromhex(lead[3].decode()), body if prologue else b"", parts)


def is_count(value: object, top: int = 1 << 53) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < top


def envelope(data: bytes) -> dict[str, Any]:
    """A payload; ``ValueError``, ``KeyError`` or ``TypeError`` if it is none."""
    said = strictly(data)
    if not (isinstance(said, dict) and isinstance(said["body"], dict) and isinstance(said["actor"]["id"], str)):
        raise ValueError("it is no envelope")
    if not (is_count(said["occurred_at"], END_OF_TIME) and is_count(said["recorded_at"], END_OF_TIME)):
        raise ValueError("it has no times")
    return dict(said)


class LaneReader:
    """Reads the files of one lane in their order."""

    def __init__(self, incident: str, name: str, report: Report) -> None:
        self.lane = Lane(name)
        self.incident = incident
        self.report = report
        self.head = b""
        self.adrift = False
        """Whether the segment goes on from a place that is not here."""
        self.closed = False
        """Whether the segment has been sealed."""
        self.segment = 0
        self.where = ""

    def wrong(self, text: str, level: str = "tampered") -> None:
        self.report.add(level, "lane " + self.lane.name, f"{self.where}: {text}")

    def read(self, path: str, segment: int, data: bytes) -> Iterator[Line]:
        """The entries of one file that were not in one before."""
        self.segment, self.closed, at = segment, False, 0
        while at < len(data):
            self.where = f"{path} at byte {at}"
            end = data.find(b"\n", at)
            if end < 0:
                self.wrong("ends in something that is no whole frame")
                return
            try:
                frame = take_apart(data[at:end])
            except ValueError as error:
                self.wrong(str(error))
                self.head, self.adrift = b"", True
            else:
                if (at == 0) != bool(frame.prologue):
                    self.wrong("has a prologue in the middle" if at else "does not begin with a prologue")
                if frame.prologue:
                    self.prologue(frame)
                else:
                    yield from self.entries(frame)
            at = end + 1

    def prologue(self, frame: Frame) -> None:
        try:
            said = strictly(frame.prologue)
            key = bytes.fromhex(said.get("key", ""))
            facts = (said["incident"], said["lane"], said["segment"], said["format"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.wrong(f"has a prologue that cannot be read: {error}")
            return
        if facts != (self.incident, self.lane.name, self.segment, 1):
            self.wrong(f"is the prologue of another file: {facts!r}")
        start = hashlib.sha256(self.incident.encode() + self.lane.name.encode() + key).digest()
        if self.lane.heads and self.lane.key != key.hex():
            self.wrong("has another key than the lane")
        self.lane.key = key.hex()
        known = frame.head in (start, self.lane.head) or frame.head in self.lane.heads.values()
        self.adrift, self.head = not known, frame.head

    def entries(self, frame: Frame) -> Iterator[Line]:
        heads, head = [], self.head
        for header, digest, _ in frame.parts:
            head = hashlib.sha256(head + hashlib.sha256(header).digest() + digest).digest()
            heads.append(head)
        if head != frame.head:
            if self.head:
                self.wrong("does not follow from the frame before it")
            heads[-1] = frame.head
        self.head = frame.head
        for (header, _, salted), after in zip(frame.parts, heads):  # noqa: B905 - Python 3.8
            line = self.entry(header, salted, after)
            if line is not None:
                yield line

    def entry(self, raw: bytes, salted: bytes, head: bytes) -> Line | None:
        lane = self.lane
        try:
            header = strictly(raw)
            kind, seq, stamp = header["kind"], header["seq"], (header["wall"], header["logical"])
            if not (isinstance(kind, str) and is_count(seq) and seq and is_count(stamp[0]) and is_count(stamp[1])):
                raise ValueError("a field of it is of another type")
        except (ValueError, KeyError, TypeError) as error:
            self.wrong(f"has a header that cannot be read: {error}")
            return None
        if header.get("lane") != lane.name:
            self.wrong("speaks for another lane")
            return None
        if self.closed:
            self.wrong("goes on behind its seal")
        blank = len(salted) > SALT and salted == b"-" * len(salted)
        payload = None if blank else self.envelope(salted[SALT:])
        if seq <= lane.last:
            if lane.heads.get(seq) != head:
                self.wrong(f"says something else under number {seq}")
            return None
        self.number(header, payload)
        if stamp <= lane.stamp:
            self.wrong("has a stamp that goes backwards")
        lane.last, lane.stamp, lane.head, lane.heads[seq] = seq, stamp, head, head
        body = payload.get("body", {}) if payload else {}
        self.closed = kind == "segment.sealed" and body.get("segment") == self.segment
        if blank:
            lane.redacted.append(f"{lane.name}:{seq}")
        return Line(header, payload, head)

    def envelope(self, data: bytes) -> dict[str, Any]:
        try:
            return envelope(data)
        except (ValueError, KeyError, TypeError) as error:
            self.wrong(f"has a payload that cannot be read: {error}")
            return {}

    def number(self, header: dict[str, Any], payload: dict[str, Any] | None) -> None:
        """Whether the entry has the number that follows; if not, what that means."""
        lost = header["seq"] - self.lane.last - 1
        body = (payload or {}).get("body", {})
        numbers = f"entries {self.lane.last + 1} to {header['seq'] - 1}"
        if lost and header["kind"] == "segment.opened" and str(body.get("reason", "")).startswith("damage"):
            self.wrong(f"up to {lost} {numbers} were lost to damage, as the lane says itself", "incomplete")
        elif lost and self.adrift:
            self.wrong(f"{numbers} are missing", "incomplete")
        elif lost:
            self.wrong(f"{numbers} were left out")
        elif self.adrift and self.head:
            self.wrong("does not go on from where its lane had come to")
        self.adrift = False


# --- what the entries say


OF_EVIDENCE = ("evidence.", "legal_hold.")


class Cite(NamedTuple):
    entry: str
    lane: str
    seq: int
    head: str
    said: str
    """``cite`` or ``anchor``."""


class Story:
    """What is kept of all entries, so that they can be compared with everything else in the bundle."""

    def __init__(self) -> None:
        self.lines: list[tuple[tuple[int, int, str, int], bytes]] = []
        """Stamp, and SHA-256 of the entry's line in entries.jsonl."""
        self.custody: list[tuple[tuple[str, int, int, str, int], dict[str, Any]]] = []
        self.cites: list[Cite] = []
        self.redactions: dict[str, set[str]] = {}
        """Entry → owners of the lanes that say it was redacted."""
        self.blobs: dict[str, str] = {}
        """Digest → the item that it belongs to."""
        self.locked = 0

    def take(self, lane: Lane, line: Line) -> None:
        header, payload = line.header, line.payload
        stamp = (header["wall"], header["logical"], lane.name, header["seq"])
        said = line_of(line, lane.name)
        self.lines.append((stamp, hashlib.sha256(written(said)).digest()))
        body = (payload or {}).get("body", {})
        self.locked += bool(header.get("key"))
        self.cite(said["id"], header.get("cites"), "cite")
        if header["kind"] == "anchor.made":
            self.cite(said["id"], body.get("heads"), "anchor")
        if header["kind"] == "entry.redacted" and isinstance(body.get("target"), str):
            self.redactions.setdefault(body["target"], set()).add(lane.owner)
        if header["kind"].startswith(OF_EVIDENCE):
            item = body.get("item") if isinstance(body.get("item"), str) else ""
            self.custody.append(((item, *stamp), said))
            blobs = body.get("blobs")
            for digest in blobs if isinstance(blobs, list) else []:
                if isinstance(digest, str) and HEX64.fullmatch(digest):
                    self.blobs[digest] = item

    def cite(self, entry: str, heads: object, said: str) -> None:
        if not isinstance(heads, dict):
            return
        for lane, mark in heads.items():
            if isinstance(mark, list) and len(mark) == 2 and is_count(mark[0]) and isinstance(mark[1], str):
                self.cites.append(Cite(entry, lane, mark[0], mark[1], said))


def written(value: dict[str, Any]) -> bytes:
    """A line of the files for people."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def moment(ms: int) -> str:
    """``2026-11-23T21:15:00.123Z``; the calendar by Howard Hinnant's days-to-civil."""
    days, rest = divmod(ms, 86_400_000)
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day, month = day - (153 * month + 2) // 5 + 1, month + 3 if month < 10 else month - 9
    year += era * 400 + (month <= 2)
    clock = f"{rest // 3_600_000:02d}:{rest // 60_000 % 60:02d}:{rest // 1000 % 60:02d}.{rest % 1000:03d}"
    return f"{year:04d}-{month:02d}-{day:02d}T{clock}Z"


ENVELOPE = (
    "occurred_at", "recorded_at", "actor", "origin", "precision", "inference", "confidence", "tlp", "refs",
)  # fmt: skip


def line_of(line: Line, lane: str) -> dict[str, Any]:
    """An entry as entries.jsonl has it."""
    header, payload = line.header, line.payload
    said: dict[str, Any] = {
        "at": moment((payload or {}).get("occurred_at", header["wall"])),
        "id": f"{lane}:{header['seq']}",
        "kind": header["kind"],
        "who": (payload or {}).get("actor", {}).get("id", ""),
        "body": (payload or {}).get("body"),
    }
    if payload is None:
        said["redacted"] = True
    for name in ENVELOPE:
        if payload and name in payload:
            said[name] = payload[name]
    for name in ("wall", "logical", "visibility", "key"):
        if name in header:
            said[name] = header[name]
    said["hash"] = line.head.hex()
    return said


def custody_lines(story: Story) -> Iterator[dict[str, Any]]:
    """Lines of custody.jsonl: by item, then in merged order."""
    count, last = 0, ""
    for key, said in sorted(story.custody, key=lambda one: one[0]):
        count = count + 1 if key[0] == last else 1
        last = key[0]
        yield dict([("item", key[0]), ("n", count), *list(said.items())])


def check_lanes(archive: Archive, manifest: Manifest, report: Report) -> tuple[dict[str, Lane], Story]:
    """Every frame of every lane."""
    lanes, story, story_bytes = {}, Story(), 0
    for name, facts in sorted(manifest.lanes.items()):
        reader, before = LaneReader(manifest.incident, name, report), len(report.lines)
        reader.where = name
        if not facts.files:
            reader.wrong("has no files", "incomplete")
        for path, segment in facts.files:
            if path in archive.found:
                data = archive.read(path)
                story_bytes += len(data)
                for line in reader.read(path, segment, data):
                    story.take(reader.lane, line)
            else:
                reader.adrift = True
        lane = lanes[name] = reader.lane
        if reader.closed:
            reader.wrong("was sealed, and the segment behind it is not here", "incomplete")
        reader.where = "manifest"
        complete = all(path in archive.found for path, _ in facts.files)
        got = (len(lane.heads), lane.last, lane.head.hex(), lane.key)
        if complete and got != (facts.entries, facts.last_seq, facts.head, facts.key):
            short = len(lane.heads) < facts.entries
            reader.wrong(f"ends otherwise than is listed: {got!r}", "incomplete" if short else "tampered")
        if str(facts.owner) != lane.uid:
            reader.wrong(f"its files belonged to uid {facts.owner}, and it speaks for uid {lane.uid}")
        if len(report.lines) == before:
            what = "length, CRC, digest, chain, sequence, stamps, prologues, owner"
            files = "1 file" if len(facts.files) == 1 else f"{len(facts.files)} files"
            report.add("ok", "lane " + name, f"{len(lane.heads)} entries in {files}: {what}")
    report.counts.update(lanes=len(lanes), entries=len(story.lines), bytes=story_bytes)
    return lanes, story


# --- comparing


def check_redactions(lanes: dict[str, Lane], story: Story, report: Report) -> None:
    blank = [(entry, lane.owner) for lane in lanes.values() for entry in lane.redacted]
    for entry, owner in blank:
        if owner not in story.redactions.get(entry, ()):
            report.add("tampered", "redaction", f"{entry} was blanked, and no entry of its owner says so")
    gone = {entry for entry, _ in blank}
    for entry in sorted(set(story.redactions) - gone):
        report.add("note", "redaction", f"{entry} is said to be redacted, and stands here in full or is not here")
    told = sum(owner in story.redactions.get(entry, ()) for entry, owner in blank)
    report.tally("redaction", told, len(blank), "blanked entries were redacted by right")


def check_cites(lanes: dict[str, Lane], story: Story, report: Report) -> None:
    good = 0
    for cite in story.cites:
        heads = lanes[cite.lane].heads if cite.lane in lanes else {}
        said = f"{cite.entry} names entry {cite.seq} of lane {cite.lane}"
        if cite.seq not in heads:
            report.add("incomplete", cite.said, said + ", which is not here")
        elif heads[cite.seq].hex() != cite.head:
            report.add("tampered", cite.said, said + " with another head")
        else:
            good += 1
    report.tally("cites", good, len(story.cites), "heads of lanes that other entries name are as named")


def compare(archive: Archive, path: str, expected: Iterable[bytes], report: Report) -> None:
    """Whether a file for people says, line by line, what the lanes say."""
    if path not in archive.found:
        return
    wanted, found = iter(expected), lines_of(archive.pieces(path))
    number = 0
    for number, line in enumerate(found, 1):
        if next(wanted, b"") != hashlib.sha256(line).digest():
            report.add("tampered", path, f"line {number} does not say what the lanes say")
            return
    if next(wanted, None) is not None:
        report.add("tampered", path, "says less than the lanes")
    else:
        report.add("ok", path, f"{number} lines say what the lanes say")


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def check_blobs(archive: Archive, story: Story, report: Report) -> None:
    disposed = {key[0] for key, said in story.custody if said["kind"] == "evidence.disposed"}
    there = {path[6:] for path in archive.found if path.startswith("blobs/")}
    good = 0
    for digest in sorted(there):
        if archive.digest("blobs/" + digest) == digest:
            good += 1
        else:
            report.add("tampered", "blobs", f"{digest} has another content")
    for digest, item in sorted(story.blobs.items()):
        if digest not in there and item in disposed:
            report.add("note", "blobs", f"{digest} of item {item} is not here: disposed of")
        elif digest not in there:
            report.add("incomplete", "blobs", f"{digest} of item {item} is not here")
    for digest in sorted(there - set(story.blobs)):
        report.add("note", "blobs", f"{digest} is named by no entry about evidence")
    report.tally("blobs", good, len(there), "are what their names say")
    report.counts["blobs"] = len(there)


def check_custody(story: Story, report: Report) -> None:
    """What an examiner will ask about; the entries are authentic all the same."""
    holder: dict[str, str] = {}
    digest: dict[str, str] = {}
    for said in custody_lines(story):
        body, kind, item = said["body"], said["kind"], said["item"]
        if not isinstance(body, dict):
            report.add("note", "custody", f"{said['id']} ({kind}) was redacted")
            continue
        told = []
        if kind == "evidence.transferred":
            if holder.get(item, body.get("released_by")) != body.get("released_by"):
                told.append(f"released by {body.get('released_by')}, last received by {holder[item]}")
            begin, end = body.get("released_at", 0), body.get("received_at", 0)
            if is_count(begin) and is_count(end) and end and begin and end != begin:
                told.append(f"released at {moment(begin)}, received at {moment(end)}")
            holder[item] = str(body.get("received_by"))
        elif kind == "evidence.collected":
            holder[item] = str(body.get("collected_by") or said["who"])
        elif kind == "evidence.disposed" and not body.get("approver"):
            told.append("disposed of with nobody's approval")
        now = body.get("digest")
        if isinstance(now, str) and now and digest.setdefault(item, now) != now:
            told.append("another SHA-256 than before: tainted")
        for text in told:
            report.add("note", "custody", f"item {item}, entry {said['id']}: {text}")
    report.counts["items"] = len({key[0] for key, _ in story.custody if key[0]})


ANCHOR = re.compile(r"\bwarroom-anchor (\S{1,80}) (" + LANE + r") ([0-9]{1,16}) ([0-9a-f]{64})\b")


def check_anchors(path: str, incident: str, lanes: dict[str, Lane], story: Story, report: Report) -> None:
    """Whether what stands outside is in the bundle, and how far it vouches for each lane."""
    reach: dict[str, int] = {}
    count = 0
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            match = ANCHOR.search(text)
            if match is None or match[1] != incident:
                continue
            count += 1
            lane, seq, where = match[2], int(match[3]), f"line {number}"
            heads = lanes[lane].heads if lane in lanes else {}
            if seq not in heads:
                report.add("incomplete", "anchors", f"{where}: entry {seq} of lane {lane} is not here")
            elif heads[seq].hex() != match[4]:
                report.add("tampered", "anchors", f"{where}: entry {seq} of lane {lane} has another head")
            else:
                reach[lane] = max(seq, reach.get(lane, 0))
    spread(reach, lanes, story)
    for name, lane in sorted(lanes.items()):
        if lane.heads:
            text = f"vouch for {reach.get(name, 0)} of the {lane.last} numbers of lane {name}"
            report.add("ok" if name in reach else "note", "anchors", text)
    report.add("ok" if reach else "note", "anchors", f"{count} outside lines speak of {incident}")
    report.anchored = bool(reach) and all(name in reach for name, lane in lanes.items() if lane.heads)


def spread(reach: dict[str, int], lanes: dict[str, Lane], story: Story) -> None:
    """What an anchored entry names is anchored with it."""
    changed = True
    while changed:
        changed = False
        for cite in story.cites:
            lane, _, seq = cite.entry.rpartition(":")
            known = cite.lane in lanes and lanes[cite.lane].heads.get(cite.seq, b"").hex() == cite.head
            if known and int(seq) <= reach.get(lane, 0) and cite.seq > reach.get(cite.lane, 0):
                reach[cite.lane] = cite.seq
                changed = True


def verify(bundle: str, key: str = "", anchors: str = "") -> tuple[Report, str, str]:
    """All checks; the report, the incident and the signer's fingerprint. ``OSError`` if a file cannot be read."""
    if not stat.S_ISREG(os.stat(bundle).st_mode):
        raise OSError(f"{bundle} is not a file")
    with open(bundle, "rb") as file:
        report = Report()
        archive = Archive(file, members(file, report))
        manifest, signer = examine(archive, report, key, anchors)
        return report, manifest.incident if manifest else "", signer


def examine(archive: Archive, report: Report, key: str, anchors: str) -> tuple[Manifest | None, str]:
    """All checks of an archive's files; its manifest, and the signer's fingerprint."""
    manifest = check_manifest(archive, report)
    if manifest is None:
        return None, ""
    signer = check_signature(archive, key, report)
    lanes, story = check_lanes(archive, manifest, report)
    check_redactions(lanes, story, report)
    check_cites(lanes, story, report)
    story.lines.sort(key=lambda one: one[0])
    if all(path in archive.found for facts in manifest.lanes.values() for path, _ in facts.files):
        compare(archive, ENTRIES, (digest for _, digest in story.lines), report)
        custody = (hashlib.sha256(written(said)).digest() for said in custody_lines(story))
        compare(archive, CUSTODY, custody, report)
    else:
        report.add("note", ENTRIES, "not compared with the lanes, as not all are here")
    check_blobs(archive, story, report)
    check_custody(story, report)
    if story.locked:
        report.add("note", "entries", f"{story.locked} are encrypted: verified, not read")
    said = sum(cite.said == "anchor" for cite in story.cites)
    if anchors:
        check_anchors(anchors, manifest.incident, lanes, story, report)
    elif said:
        report.add("note", "anchors", f"{said} heads are said to stand outside: give them with --anchors")
    return manifest, signer


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {harmless(message)}\n")


def main(arguments: list[str] | None = None, prog: str = "verify.py") -> int:
    """The command line; the exit code."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog=prog, description=__doc__, formatter_class=formatter, allow_abbrev=False)
    parser.add_argument("bundle", metavar="BUNDLE", help="the tar file")
    parser.add_argument("--key", metavar="K", default="", help="who is trusted to have made it")
    parser.add_argument("--anchors", metavar="FILE", default="", help="lines that were kept outside")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    given = parser.parse_args(arguments)
    try:
        report, incident, signer = verify(given.bundle, given.key, given.anchors)
    except OSError as error:
        parser.error(str(error))
    except SystemExit as error:
        parser.error(str(error))
    report.more()
    if given.json:
        lines = [line._asdict() for line in report.lines]
        facts = {"incident": incident, "signer": signer, "counts": report.counts, "checks": lines}
        print(json.dumps({"exit": report.code, "verdict": VERDICTS[report.code], **facts}, indent=1))
        return report.code
    for line in report.lines:
        print(f"{line.level:<10}  {line.about:<14}  {line.text}")
    counts = ", ".join(f"{number} {name}" for name, number in report.counts.items())
    print(f"{harmless(incident) or '?'}: {VERDICTS[report.code]}{counts and f' ({counts})'}")
    return report.code


if __name__ == "__main__":
    sys.exit(main())
