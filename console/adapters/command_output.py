"""What a command writes: hashed whole, kept only in part, so that any amount of it takes bounded memory."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable

from console.text import clean

LINE_BYTES = 65_536
"""A longer line is cut here."""
KEPT_BYTES = 1 << 20
"""All kept lines together."""
TOLD = 50
"""Lines of one chunk that a listener hears at most: the last; a flood would only slow everything down."""


class CommandOutput:
    """Takes bytes as they arrive; a line ends with LF, CR LF or a lone CR (progress bars)."""

    def __init__(self, max_lines: int, on_output: Callable[[str], None] | None = None) -> None:
        self._max = max_lines
        self._told = on_output
        self._hash = hashlib.sha256()
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._open = b""
        self._return = False
        self._any = False
        self.dropped = 0

    def feed(self, data: bytes) -> None:
        """The next bytes, in pieces of any size."""
        if not data:
            return
        self._hash.update(data)
        self._any = True
        if self._return:
            data = b"\r" + data
        self._return = data.endswith(b"\r")
        if self._return:
            data = data[:-1]
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *rest = data.split(b"\n", 1)
        self._open += first[: LINE_BYTES + 1 - len(self._open)]
        if rest:
            self._take(rest[0])

    def _take(self, data: bytes) -> None:
        """What follows the end of the open line: of its lines only those are split off that can be kept."""
        ends = data.count(b"\n")
        keep = min(ends, self._max)
        pieces = data.rsplit(b"\n", keep + 1)
        lines = [self._open, *pieces[:-1]]
        if ends > keep:
            lines = pieces[1:-1]
            self.dropped += ends + 1 - len(lines)
        self._open = pieces[-1][: LINE_BYTES + 1]
        for line in lines:
            self._keep(line)
        if self._told is not None:
            for line in lines[-TOLD:]:
                self._told(_shown(line))

    def _keep(self, line: bytes) -> None:
        line = line[: LINE_BYTES + 1]
        self._lines.append(line)
        self._size += len(line)
        while len(self._lines) > self._max or (self._size > KEPT_BYTES and len(self._lines) > 1):
            self._size -= len(self._lines.popleft())
            self.dropped += 1

    def end(self) -> None:
        """No more comes: the last line is complete without an end of its own."""
        if self._open or self._return:
            line, self._open, self._return = self._open, b"", False
            self._keep(line)
            if self._told is not None:
                self._told(_shown(line))

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, cleaned."""
        return tuple(map(_shown, self._lines))

    @property
    def digest(self) -> str:
        """SHA-256 over all bytes, lower-case hex."""
        return self._hash.hexdigest()


def _shown(line: bytes) -> str:
    return clean(line.decode("utf-8", "replace").replace("\t", "    "), LINE_BYTES)
