"""A child process in a session of its own: started without a shell, ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

KILLED_S = 2.0
"""How long the kernel is given to end what got SIGKILL; a process that waits for a dead disk does not end."""
_ALLOWED = {
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "KUBECONFIG", "AWS_PROFILE",
    "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
    "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
}  # fmt: skip
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEFAULTS = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}


def environment(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What the child gets: an allow-list of our own variables, none of which holds a secret, and what is given."""
    kept = {
        name: value
        for name, value in own.items()
        if name in _ALLOWED
        or name.startswith("LC_")
        or (name.lower() in _PROXIES and "@" not in value)  # user:password@ stands before the host
    }
    return {"PATH": _PATH, "TERM": "dumb", **kept, **given}


def locate(name: str, path: str) -> str:
    """The program's file, read once: starting one that lies on a dead file system would stop the whole process.

    Raises ``OSError``. May block: call it aside.
    """
    found = shutil.which(name, path=path)
    if found is None:
        if os.path.isdir(name):
            raise IsADirectoryError(f"{name} is a folder")
        if os.path.exists(name) and "/" in name:
            raise PermissionError(f"{name} may not be executed")
        raise FileNotFoundError(f"{name} is not installed here" if "/" not in name else f"there is no file {name}")
    with contextlib.suppress(PermissionError), open(found, "rb", buffering=0) as file:
        file.read(512)
    return found


class Child:
    """A started process: leader of its session and group, so that both have its number until it is let go."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        """Exit code, or 128 + the signal that ended it; ``None`` while it runs."""
        self.exited = asyncio.Event()
        self._strays: set[tuple[int, str]] = set()
        self._given_up = False
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._wait, args=(loop,), name=f"warroom-child-{pid}", daemon=True).start()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sleeps until the process has ended, and leaves it a zombie: its number cannot be another's meanwhile."""
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        try:
            loop.call_soon_threadsafe(self._ended)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self.release()

    def _ended(self) -> None:
        self.exited.set()
        if self._given_up:
            self.release()

    def release(self) -> None:
        """Let the number go; of a process that still runs, as soon as it has ended."""
        self._given_up = True
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code

    async def end(self, grace_s: float) -> bool:
        """SIGTERM to all that it started, then SIGKILL to what is left; ``False`` if it does not end even so."""
        self._strays = strays(self.pid, await aside(processes))
        self._signal(signal.SIGTERM)
        left = grace_s
        for pause in (0.02, 0.05, 0.1, 0.2, *[0.4] * round(grace_s / 0.4 + 1)):
            await self._exits(min(pause, left))
            left -= pause
            if left <= 0 or (self.exited.is_set() and not alive(self.pid, await aside(processes), self._strays)):
                break
        self._strays |= strays(self.pid, await aside(processes))
        self._signal(signal.SIGKILL)
        if not self.exited.is_set():
            await self._exits(KILLED_S)
        return self.exited.is_set()

    async def _exits(self, wait_s: float) -> None:
        """Let time pass; while the process runs, not longer than it does."""
        if self.exited.is_set():
            await asyncio.sleep(max(wait_s, 0))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.exited.wait(), max(wait_s, 0))

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
        for pid, born in self._strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if (process := stat(pid)) is not None and process.born == born:
                    os.kill(pid, number)


def start(program: str, argv: Sequence[str], env: Mapping[str, str], stdin: bytes) -> tuple[Child, int]:
    """The child and the end of the pipe on which it writes; raises ``OSError`` and ``ValueError``.

    ``posix_spawn`` sets session, signal mask and signal dispositions without any code of ours between fork and exec,
    which a process with threads cannot afford.
    """
    feeding = _input(stdin)
    try:
        read, write = os.pipe()
        write = _above(write)
    except OSError:
        os.close(feeding)
        raise
    try:
        pid = os.posix_spawn(
            program,
            list(argv),
            dict(env),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, feeding, 0),
                (os.POSIX_SPAWN_DUP2, write, 1),
                (os.POSIX_SPAWN_DUP2, write, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=_DEFAULTS,
        )
    except BaseException:
        os.close(read)
        raise
    finally:
        os.close(feeding)
        os.close(write)
    os.set_blocking(read, False)
    return Child(pid), read


def _input(data: bytes) -> int:
    """Standard input as a file in memory: nobody has to feed it, and it can be longer than a pipe."""
    if not data:
        return _above(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    fd = _above(os.memfd_create("warroom-stdin"))
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _above(fd: int) -> int:
    """The same file under a number over 2: after a hang-up the console's own 0, 1, 2 may be free."""
    if fd > 2:
        return fd
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return moved


# The process table.


class Process:
    """One line of it."""

    __slots__ = ("born", "group", "parent", "pid", "session", "zombie")

    def __init__(self, pid: int, fields: list[str]) -> None:
        self.pid = pid
        self.zombie = fields[0] in "ZX"
        self.parent, self.group, self.session = int(fields[1]), int(fields[2]), int(fields[3])
        self.born = fields[19]
        """Ticks since boot: tells a number that was given again."""


def stat(pid: int) -> Process | None:
    """A process as proc(5) ``/proc/PID/stat`` tells it, ``None`` if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return Process(pid, file.read().rpartition(b")")[2].decode("ascii", "replace").split())
    except (OSError, ValueError, IndexError):
        return None


def processes() -> list[Process]:
    """All that can be seen; on a large host that takes tens of milliseconds: call it aside."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    return [p for name in names if name.isdigit() and (p := stat(int(name))) is not None]


def strays(leader: int, table: Sequence[Process]) -> set[tuple[int, str]]:
    """Processes that descend from the leader or share its session, but have left its group."""
    found = {leader}
    grown = True
    while grown:
        more = {p.pid for p in table if (p.parent in found or p.session == leader) and p.pid not in found}
        grown = bool(more)
        found |= more
    return {(p.pid, p.born) for p in table if p.pid in found and p.group != leader}


def alive(leader: int, table: Sequence[Process], others: set[tuple[int, str]]) -> bool:
    """Whether anything is left of the group and the strays; without a process table: yes."""
    return not table or any(
        not p.zombie and (p.group == leader or p.session == leader or (p.pid, p.born) in others) for p in table
    )


async def aside(work: Callable[[], T]) -> T:
    """The result of blocking work, from a thread that nobody waits for: work that never ends holds nothing up."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def body() -> None:
        result, failed = None, None
        try:
            result = work()
        except Exception as error:
            failed = error
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=body, name="warroom-aside", daemon=True).start()
    return await future
