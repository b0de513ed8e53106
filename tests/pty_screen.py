"""A terminal for tests and benches: a program in a pseudo terminal, every byte it sends kept with its time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

_WHERE = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[6n")
"""The cursor is put somewhere and asked for: what a terminal answers to at once."""
_CSI = re.compile(
    rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_].*?\x1b\\|\x1b[()][A-Z0-9]|\x1b."
)


def plain(data: bytes) -> str:
    """What was written without escape sequences; not a screen, but enough to look for words."""
    return _CSI.sub(b"", data).decode("utf-8", "replace")


def report(where: re.Match[bytes]) -> bytes:
    """The terminal's report of its cursor."""
    return b"\x1b[%s;%sR" % (where[1], where[2])


class PtyScreen:
    """Runs ``argv`` in a terminal of ``columns`` × ``lines``; read only when asked to, so it can stall."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        env: Mapping[str, str] | None = None,
        answers: bool = True,
    ) -> None:
        """``answers``: whether it reports its cursor when asked, as terminals do."""
        self.answers = answers
        self._answered = 0
        self.began = time.monotonic()
        self.data = bytearray()
        self.times: list[tuple[float, int]] = []
        environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or {})}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for key in ("COLUMNS", "LINES", "NO_COLOR", "TMUX"):
                os.environ.pop(key, None)
                os.unsetenv(key)  # readline sets them behind Python's back
            for key, value in environment.items():
                os.environ[key] = value
            os.execvp(argv[0], list(argv))
        self.resize(columns, lines)
        os.set_blocking(self.fd, False)

    def resize(self, columns: int, lines: int) -> None:
        """Change the window's size; the program hears SIGWINCH."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def send(self, keys: bytes | str) -> None:
        """Type."""
        os.write(self.fd, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds: float) -> bytes:
        """Read for this long; what arrived."""
        start, end = len(self.data), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self._take(left):
                break
        return bytes(self.data[start:])

    def until(self, word: str | bytes, limit: float = 20.0, start: int = 0) -> float:
        """Read until the word has been written; seconds since the program began. Raises TimeoutError."""
        wanted = word.encode() if isinstance(word, str) else word
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if wanted in bytes(self.data[start:]) or wanted.decode() in plain(bytes(self.data[start:])):
                return self.times[-1][0] - self.began if self.times else 0.0
            if not self._take(0.2) and not self.alive():
                break
        raise TimeoutError(f"{wanted!r} did not appear in {limit} s; the end was {plain(bytes(self.data[-3000:]))!r}")

    def settle(self, quiet: float = 0.25, limit: float = 10.0) -> bytes:
        """Read until nothing came for ``quiet`` seconds."""
        start, end = len(self.data), time.monotonic() + limit
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], quiet)
            if not ready or not self._take(quiet):
                break
        return bytes(self.data[start:])

    def _take(self, wait: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], wait)
        if not ready:
            return True
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return False
        if not chunk:
            return False
        self.data += chunk
        self.times.append((time.monotonic(), len(chunk)))
        for match in _WHERE.finditer(self.data, self._answered):
            self._answered = match.end()
            if self.answers:
                self.send(report(match))
        return True

    def alive(self) -> bool:
        """Whether the program still runs."""
        with contextlib.suppress(ChildProcessError):
            return os.waitpid(self.pid, os.WNOHANG)[0] == 0
        return False

    def resident_mb(self) -> float:
        """Resident memory of the program itself, MB."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does."""
        os.close(self.fd)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close(self) -> None:
        """End the program and give the terminal back."""
        self.kill(signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.close(self.fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def __enter__(self) -> PtyScreen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
