"""A tar that is the same for the same files: names in order, no owners, no times, nothing but plain files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from console.clock import Ids
from console.errors import JournalError

BLOCK = 512
_CHUNK = 1 << 20
_LONGEST = 100


def header(name: str, size: int) -> bytes:
    """The header of a file (POSIX.1-1988 ustar): 0644, uid and gid 0, time 0; ``ValueError`` if it has no room."""
    prefix, last = ("", name) if len(name) <= _LONGEST else name.rsplit("/", 1)
    if len(prefix) > 155 or len(last) > _LONGEST or size >= 1 << 33 or not name.isascii():
        raise ValueError(f"{name} of {size} bytes does not fit into a tar")
    fields = [
        last.encode().ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        b"%011o\0" % size,
        b"%011o\0" % 0,
        b" " * 8,
        b"0".ljust(101, b"\0"),
        b"ustar\x0000".ljust(72, b"\0"),
        b"0000000\0" * 2,
        prefix.encode().ljust(167, b"\0"),
    ]
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def write_tar(out: Path, files: Mapping[str, tuple[int, Iterable[bytes]]], ids: Ids) -> None:
    """Write files (name → size, content) in the order of their names; durable, and whole or not at all.

    The file is 0600 and never replaces one. Raises ``JournalError`` if a content has another size than was said.
    """
    if os.path.lexists(out):
        raise JournalError(f"{out} is there already", next="name another file; nothing was written")
    side = out.with_name(f".{out.name}.{ids.new('part').rpartition('-')[2]}")
    try:
        with os.fdopen(os.open(side, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            for name in sorted(files):
                _add(file, name, *files[name])
            file.write(b"\0" * (2 * BLOCK))
            file.flush()
            os.fsync(file.fileno())
        if os.path.lexists(out):
            raise JournalError(f"{out} is there already", next="name another file; nothing was written")
        side.replace(out)
    except OSError as error:
        raise JournalError(
            f"{out} could not be written: {error.strerror}", next="free space, or name another"
        ) from error
    finally:
        with suppress(OSError):
            side.unlink()


def _add(file: BinaryIO, name: str, size: int, content: Iterable[bytes]) -> None:
    file.write(header(name, size))
    written = 0
    for piece in content:
        written += len(piece)
        file.write(piece)
    if written != size:
        raise JournalError(f"{name} changed while it was exported", next="export again")
    file.write(b"\0" * (-size % BLOCK))


def pieces(path: Path) -> Iterable[bytes]:
    """A file of our own, piece by piece."""
    with open(path, "rb") as file:
        while piece := file.read(_CHUNK):
            yield piece
