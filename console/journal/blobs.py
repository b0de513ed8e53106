"""Blobs: evidence kept beside the lanes, each piece under the SHA-256 of its content, written once and never again."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from console.clock import Ids, RandomIds
from console.errors import JournalError
from console.journal.disk import Disk
from console.journal.places import check_folder, make_folder, shared
from console.secret import Redactor

LIMIT = 1 << 30
"""Most bytes of a blob; a tar of blobs has room for 8 GiB each."""
NAME = re.compile(r"[0-9a-f]{64}")
_SIDE = ".new-"
_CLAIM = ".item-"
_CLAIMS = 10_000
_CHUNK = 1 << 20


class Blob(Struct, frozen=True):
    """A piece of evidence as it is kept."""

    digest: str
    """SHA-256 of the content, hex: its name."""
    size: int


class Spoiled(JournalError):
    """A file of the store is not what its name says, or not a file of the store at all."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} {why}",
            next="it was left as it is: move it away once it has been looked at, then store the piece again",
        )


class Blobs:
    """The store of one incident: ``<folder>/blobs/<sha256>``.

    Files are written under a name of their own, synced, and renamed into place, so that a name is there whole or not at
    all, however many processes write the same. They are 0440 in a folder for a group, else 0400.
    """

    def __init__(
        self,
        folder: Path,
        *,
        redactor: Redactor | None = None,
        disk: Disk | None = None,
        ids: Ids | None = None,
        limit: int = LIMIT,
    ) -> None:
        """``folder`` is the incident's; ``redactor`` is for ``put_text``."""
        self.incident = folder
        self.folder = folder / "blobs"
        self.limit = limit
        self._redactor = redactor
        self._disk = disk or Disk()
        self._ids = ids or RandomIds()

    def path(self, digest: str) -> Path:
        """Where a blob lies; ``ValueError`` if that is no digest."""
        if not NAME.fullmatch(digest):
            raise ValueError(f"{digest!r} is not a SHA-256 in hex")
        return self.folder / digest

    def put_text(self, text: str) -> Blob:
        """Keep a text, its secrets removed first; characters that no encoding can hold become U+FFFD."""
        if self._redactor is not None:
            text = self._redactor.long_text(text)
        return self.put((text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode(),))

    def claim(self, first: int) -> str:
        """The number of a piece, ``E-0001``, from ``first`` on: nobody else gets the same, in whichever console.

        An empty file stands for it, made only where none is. Raises ``JournalError`` if the folder cannot be used.
        """
        try:
            make_folder(self.folder, self._disk, group=shared(self.incident))
            check_folder(self.folder)
            for number in range(first, first + _CLAIMS):
                name = f"E-{number:04}"
                with suppress(FileExistsError):
                    self._disk.close(self._disk.create(self.folder / f"{_CLAIM}{name}", 0o400))
                    return name
        except OSError as error:
            raise _unkept(self.folder, error) from error
        raise JournalError(f"no number is free for evidence in {self.folder}", next="look at what stands there")

    def put(self, content: Iterable[bytes]) -> Blob:
        """Keep a content, given in pieces; durable on return. What is there already is verified, not written.

        Nothing is redacted here: that is the duty of whoever knows what the bytes are. Raises ``Spoiled`` if another
        content stands under its name, ``JournalError`` if it is over the limit or the disk fails.
        """
        try:
            make_folder(self.folder, self._disk, group=shared(self.incident))
            check_folder(self.folder)
            side = self.folder / f"{_SIDE}{os.geteuid()}-{self._ids.new('blob').rpartition('-')[2]}"
            try:
                return self._settle(side, self._write(side, content))
            finally:
                with suppress(FileNotFoundError):
                    side.unlink()
        except OSError as error:
            raise _unkept(self.folder, error) from error

    def _write(self, side: Path, content: Iterable[bytes]) -> Blob:
        fd = self._disk.create(side, 0o440 if shared(self.incident) else 0o400)
        try:
            digest, size = sha256(), 0
            for piece in content:
                size += len(piece)
                if size > self.limit:
                    raise JournalError(
                        f"a piece of evidence of over {self.limit} bytes is not kept here",
                        next="keep it in a store of its own and record its SHA-256",
                    )
                digest.update(piece)
                rest = memoryview(piece)
                while rest:
                    rest = rest[self._disk.write(fd, bytes(rest[:_CHUNK])) :]
            self._disk.sync(fd)
        finally:
            self._disk.close(fd)
        return Blob(digest.hexdigest(), size)

    def _settle(self, side: Path, blob: Blob) -> Blob:
        path = self.path(blob.digest)
        if os.path.lexists(path):
            self.verify(blob.digest)
        else:
            # Whoever renames something here between the look and this wrote the same bytes, or a link to be replaced.
            self._disk.rename(side, path)
        self._disk.sync_folder(self.folder)
        return blob

    def verify(self, digest: str) -> int:
        """The size of a blob whose every byte was read and is right. Raises as ``pieces`` does."""
        return sum(map(len, self.pieces(digest)))

    def read(self, digest: str, limit: int = 64 << 20) -> bytes:
        """The content, verified. Raises as ``pieces`` does, and ``JournalError`` if it is longer than ``limit``."""
        found = bytearray()
        for piece in self.pieces(digest):
            found += piece
            if len(found) > limit:
                raise JournalError(
                    f"blob {digest} has over {limit} bytes", next=f"read it from {self.path(digest)} directly"
                )
        return bytes(found)

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The content in pieces; the last step raises ``Spoiled`` if it was not what the name says.

        Raises ``JournalError`` if there is no such blob, ``Spoiled`` at once if its name is that of a link, a FIFO or
        another thing that is no plain file.
        """
        path = self.path(digest)
        found = sha256()
        for piece in self.raw(path):
            found.update(piece)
            yield piece
        if found.hexdigest() != digest:
            raise Spoiled(path, f"is damaged: its content has the SHA-256 {found.hexdigest()}")

    def raw(self, path: Path) -> Iterator[bytes]:
        """What stands in a file of the store, unverified."""
        try:
            fd = self._disk.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise JournalError(
                f"there is no blob {path.name} in {self.folder}", next="look for it in a bundle or a backup"
            ) from None
        except OSError as error:
            if error.errno in (errno.EPERM, errno.ELOOP, errno.ENXIO):
                raise Spoiled(path, "is not a plain file with one name") from error
            raise JournalError(f"{path} cannot be read: {error.strerror}") from error
        try:
            at = 0
            while piece := self._disk.read(fd, _CHUNK, at):
                at += len(piece)
                if at > self.limit:
                    raise Spoiled(path, f"is longer than the limit of {self.limit} bytes")
                yield piece
        finally:
            self._disk.close(fd)

    def names(self) -> list[str]:
        """The digests under which something stands, sorted; a store that was never used has none."""
        return [name for name in self._listed() if NAME.fullmatch(name)]

    def strays(self) -> list[str]:
        """Names of files that are no blobs: what a process that died left half written, or what somebody put there."""
        return [name for name in self._listed() if not NAME.fullmatch(name) and not name.startswith(_CLAIM)]

    def _listed(self) -> list[str]:
        try:
            return sorted(os.listdir(self.folder))
        except OSError:
            return []


def _unkept(folder: Path, error: OSError) -> JournalError:
    return JournalError(
        f"evidence could not be kept in {folder}: {error.strerror or error}",
        next="free space or check the folder, then collect the piece again",
    )
