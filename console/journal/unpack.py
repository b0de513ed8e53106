"""Import: a bundle becomes the same incident in another state folder; its lanes are kept as they are, for ever."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from console.clock import Ids
from console.errors import JournalError
from console.journal import proof
from console.journal.cases import incident_folder
from console.journal.disk import Disk
from console.journal.imported import FOLDER, MANIFEST, SIGNATURE, SIGNER
from console.journal.places import check_folder, make_folder, segment_name, shared

_ID = re.compile(r"INC-[0-9]{4,9}")
_BEARABLE = ("cite", "anchor", "blobs", "export")
"""What may be incomplete in a bundle that is imported all the same: it is told, and the rest is whole."""


class Loaded(Struct, frozen=True):
    """What an import took in."""

    incident: str
    folder: Path
    signer: str
    lanes: int
    entries: int
    blobs: int
    notes: tuple[str, ...] = ()
    """What the verifier had to say beyond that all is well."""


def load(bundle: Path, root: Path, *, ids: Ids, key: str = "", disk: Disk | None = None) -> Loaded:
    """Verify a bundle and make its incident's folder under a state folder, all of it or nothing.

    ``key`` is whom it must be signed by, as for ``verify.py``. Lanes and blobs become files that nobody may write, so
    that every console takes a lane of its own beside them. Raises ``JournalError`` if the bundle is tampered with,
    unsafe or cut off, or if the incident is there already.
    """
    disk = disk or Disk()
    try:
        with os.fdopen(os.open(bundle, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            report = proof.Report()
            archive = proof.Archive(file, proof.members(file, report))
            manifest, signer = proof.examine(archive, report, key, "")
            _judge(bundle, report)
            if manifest is None:
                raise JournalError(f"{bundle} has no manifest")
            folder = _unpack(archive, manifest, root, ids, disk)
    except SystemExit as error:  # the verifier's word on a key that is none
        raise JournalError(str(error), next="name a public key, a line of allowed_signers or a fingerprint") from error
    except OSError as error:
        raise JournalError(f"{bundle} could not be imported: {error.strerror or error}") from error
    report.more()
    notes = tuple(f"{line.about}: {line.text}" for line in report.lines if line.level != "ok")
    counts = report.counts
    return Loaded(manifest.incident, folder, signer, counts["lanes"], counts["entries"], counts.get("blobs", 0), notes)


def _judge(bundle: Path, report: proof.Report) -> None:
    """Refuse whatever is not as it was written, and what is cut off."""
    wrong = [line for line in report.lines if line.level == "tampered"]
    wrong += [line for line in report.lines if line.level == "incomplete" and not _bearable(line)]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise JournalError(
            f"{bundle} is refused: {wrong[0].about}: {wrong[0].text}{more}",
            next=f"nothing was imported; 'warroom verify {bundle}' says all that is wrong",
        )


def _bearable(line: proof.Finding) -> bool:
    return line.about in _BEARABLE or line.about.startswith("lane ")


def _unpack(archive: proof.Archive, manifest: proof.Manifest, root: Path, ids: Ids, disk: Disk) -> Path:
    if not _ID.fullmatch(manifest.incident):
        raise JournalError(f"{manifest.incident!r} is not the id of an incident")
    folder = incident_folder(root, manifest.incident)
    make_folder(root, disk)
    group = shared(root)
    make_folder(folder.parent, disk, group=group)
    check_folder(folder.parent)
    if os.path.lexists(folder):
        raise _there(folder)
    side = folder.parent / f".import-{ids.new('import').rpartition('-')[2]}"
    make_folder(side, disk, group=group, exclusive=True)
    try:
        for path, to in _names(manifest).items():
            make_folder(side / to.parent, disk, group=group)
            _write(side / to, archive.pieces(path), manifest.listed.get(path), 0o440 if group else 0o400, disk)
        _settle(side, folder, disk)
    finally:
        if side.is_dir():
            shutil.rmtree(side)
    return folder


def _names(manifest: proof.Manifest) -> dict[str, Path]:
    """Where each file of the bundle goes within the incident's folder."""
    names = {path: Path(path) for path in manifest.listed if path.startswith("blobs/")}
    names |= {path: Path(FOLDER, path) for path in (MANIFEST, SIGNATURE, SIGNER)}
    for lane, facts in manifest.lanes.items():
        if not lane.rpartition(".")[2].startswith("m") and all(file.segment for file in facts.files):
            raise JournalError(
                f"the first file of lane {lane} is missing: a console of that name would begin it anew",
                next="export the incident again where its files can be read",
            )
        for path, segment in facts.files:
            names[path] = Path(segment_name(lane, segment))
    if len(set(names.values())) < len(names):
        raise JournalError(
            "a lane has two files of one number, in the folder and in the fallback, and both cannot lie in one folder",
            next="unpack the bundle with tar and look at them side by side",
        )
    return names


def _write(path: Path, content: Iterable[bytes], listed: tuple[int, str] | None, mode: int, disk: Disk) -> None:
    """A file of the bundle; looked at again while it is written, as the bundle's own file may have changed since."""
    fd = disk.create(path, mode)
    try:
        digest = sha256()
        for piece in content:
            digest.update(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[disk.write(fd, bytes(rest)) :]
        if listed is not None and digest.hexdigest() != listed[1]:
            raise JournalError("the bundle changed while it was imported", next="nothing was imported; try again")
        disk.sync(fd)
    finally:
        disk.close(fd)


def _settle(side: Path, folder: Path, disk: Disk) -> None:
    """Give the finished folder its name, which an empty folder of ours claims first, so that nobody's is replaced."""
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        raise _there(folder) from None
    try:
        side.rename(folder)
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        raise _there(folder) from None
    disk.sync_folder(folder.parent)


def _there(folder: Path) -> JournalError:
    return JournalError(
        f"{folder.name} is there already, in {folder}",
        next="nothing was imported; name another state folder with WARROOM_STATE to look at both",
    )
