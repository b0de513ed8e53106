"""A bundle: one incident's evidence as a signed tar that proves itself; the same journal gives the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from console.clock import Ids
from console.errors import JournalError
from console.journal import frame, proof
from console.journal.blobs import Blobs
from console.journal.copies import Copies, Spot, copy_lanes, listed
from console.journal.disk import Disk
from console.journal.places import places
from console.journal.signing import Key, sign
from console.journal.tarball import pieces, write_tar

FORMAT = "warroom-bundle-1"
README = """\
This is the evidence of incident {incident}, signed by {signer}.

  lanes/      what each console wrote, byte for byte; a line is a transaction
  blobs/      pieces of evidence, each under the SHA-256 of its content
  entries.jsonl   all entries in their order, for people
  custody.jsonl   what was said of each piece of evidence, in its order, for people
  MANIFEST.json   what is in here, with sizes and SHA-256; MANIFEST.json.sig signs it (SSHSIG, namespace warroom-bundle)
  signer.pub      the key of who signed

Whether all of it is as it was written is told by verify.py. It needs Python 3.8 or later and ssh-keygen, and is best
had from elsewhere than from here:

    python3 -I verify.py BUNDLE.tar --key KEY --anchors FILE

KEY is the public key or fingerprint of whom you trust to have made this, had from them and not from here. FILE has the
lines with "warroom-anchor" that were kept on another machine. Exit code 0: valid; 1: tampered with; 2: incomplete;
3: valid, but nothing outside was compared. Keep the tar as it is: one that was packed anew does not verify.
"""


class Exported(Struct, frozen=True):
    """What an export wrote."""

    path: Path
    signer: str
    lanes: int
    entries: int
    blobs: int
    size: int
    troubles: tuple[str, ...] = ()
    """Damage, and what could not be read: it is in the manifest too."""


def export(
    folder: Path,
    incident: str,
    out: Path,
    key: Key,
    *,
    ids: Ids,
    fallback: Path | None = None,
    disk: Disk | None = None,
) -> Exported:
    """Write one incident's bundle to ``out``, which must not exist. Consoles may go on writing meanwhile.

    Needs as much room again beside ``out`` while it works. Raises ``JournalError`` if there is nothing to export, or it
    cannot be signed or written; what is damaged or cannot be read does not stop it and is told.
    """
    disk = disk or Disk()
    where = places(folder, fallback)
    if not out.parent.is_dir():
        raise JournalError(f"there is no folder {out.parent}", next="name a file in a folder that is there")
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise JournalError(f"{out.parent} cannot be written: {error.strerror}") from error
    try:
        copies = Copies(work)
        copy_lanes(where, incident, copies, disk)
        if not copies.lanes:
            raise JournalError(f"there is no journal in {folder}", next="warroom incident list")
        _write_lines(copies)
        texts = {
            "README.txt": README.format(incident=incident, signer=key.fingerprint).encode(),
            "signer.pub": key.line.encode(),
            "verify.py": Path(proof.__file__).read_bytes(),
        }
        for name, data in texts.items():
            copies.files[name] = work / name
            copies.files[name].write_bytes(data)
        blobs = Blobs(folder, disk=disk)
        manifest = _manifest(incident, copies, _blobs(blobs, copies))
        return _pack(out, manifest, copies, blobs, key, ids)
    except OSError as error:
        raise JournalError(f"the export failed: {error.strerror or error}", next="free space beside it") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pack(out: Path, manifest: dict[str, Any], copies: Copies, blobs: Blobs, key: Key, ids: Ids) -> Exported:
    said = (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()
    signature = sign(key, said)
    files: dict[str, tuple[int, Iterable[bytes]]] = {
        "MANIFEST.json": (len(said), [said]),
        "MANIFEST.json.sig": (len(signature), [signature]),
        **{name: (path.stat().st_size, pieces(path)) for name, path in copies.files.items()},
        **{f"blobs/{one['name']}": (one["size"], blobs.raw(blobs.path(one["name"]))) for one in manifest["blobs"]},
    }
    write_tar(out, files, ids)
    spoiled = [f"blob {one['name']} has another content" for one in manifest["blobs"] if one["name"] != one["sha256"]]
    return Exported(
        out,
        key.fingerprint,
        len(copies.lanes),
        len(copies.spots),
        len(manifest["blobs"]),
        out.stat().st_size,
        (
            *(f"{one['file']} at byte {one['offset']}: {one['why']}" for one in copies.damage),
            *(f"{one['path']} could not be read: {one['why']}" for one in copies.missing),
            *spoiled,
        ),
    )


def _manifest(incident: str, copies: Copies, blobs: list[dict[str, Any]]) -> dict[str, Any]:
    of_lanes = {path for lane in copies.lanes.values() for path in (file["path"] for file in lane["files"])}
    return {
        "format": FORMAT,
        "incident": incident,
        "lanes": copies.lanes,
        "blobs": blobs,
        "files": [listed(name, path) for name, path in sorted(copies.files.items()) if name not in of_lanes],
        "damage": copies.damage,
        "missing": copies.missing,
    }


def _blobs(blobs: Blobs, copies: Copies) -> list[dict[str, Any]]:
    """The store as it is; a blob with another content is taken along as it stands."""
    found = []
    for name in blobs.names():
        digest, size = sha256(), 0
        try:
            for piece in blobs.raw(blobs.path(name)):
                digest.update(piece)
                size += len(piece)
        except JournalError as error:
            copies.missing.append({"path": f"blobs/{name}", "why": error.what.replace(str(blobs.folder), "blobs")})
            continue
        found.append({"name": name, "size": size, "sha256": digest.hexdigest()})
    return found


def _write_lines(copies: Copies) -> None:
    """``entries.jsonl`` and ``custody.jsonl``: what the lanes say, and nothing that is not in them."""
    story = proof.Story()
    copies.files["entries.jsonl"] = copies.folder / "entries.jsonl"
    with open(copies.files["entries.jsonl"], "wb") as file:
        opened: dict[Path, int] = {}
        try:
            for spot in copies.spots:
                if spot.path not in opened:
                    opened[spot.path] = os.open(spot.path, os.O_RDONLY | os.O_CLOEXEC)
                line = _line(os.pread(opened[spot.path], spot.size, spot.offset), spot)
                file.write(proof.written(proof.line_of(line, spot.lane)))
                if line.header["kind"].startswith(proof.OF_EVIDENCE):
                    story.take(proof.Lane(spot.lane), line)
        finally:
            for fd in opened.values():
                os.close(fd)
    copies.files["custody.jsonl"] = copies.folder / "custody.jsonl"
    with open(copies.files["custody.jsonl"], "wb") as file:
        for said in proof.custody_lines(story):
            file.write(proof.written(said))


def _line(data: bytes, spot: Spot) -> proof.Line:
    sealed = frame.unpack(data)
    header = json.loads(sealed.header)
    if sealed.redacted:
        return proof.Line(header, None, spot.head)
    try:
        return proof.Line(header, proof.envelope(sealed.payload), spot.head)
    except (ValueError, KeyError, TypeError):
        return proof.Line(header, {}, spot.head)
