"""Runs argv lists as processes of their own session: bounded in time, in memory and in what they can reach."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence

from console.adapters import command_child
from console.adapters.command_child import Child, aside
from console.adapters.command_output import CommandOutput
from console.clock import Clock, SystemClock
from console.ports import CommandResult
from console.text import clean

LOCATE_S = 5.0
"""How long looking for the program may take: a dead network file system in PATH never answers."""
_CHUNK = 65_536


class ProcessRunner:
    """Fulfils ``ports.CommandRunner``; works on any loop, on any thread.

    Cancelling ``run`` ends only the waiting: the command goes on to its end or its time-out, so that neither a
    hang-up nor a closed screen cuts a change in half. ``stop(key)`` is the one way to end a command early.
    If the console itself is killed, a command that writes afterwards gets SIGPIPE.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        max_lines: int = 200,
        grace_s: float = 2.0,
        drain_s: float = 0.5,
    ) -> None:
        """``grace_s`` lies between SIGTERM and SIGKILL; ``drain_s`` is how long a pipe may outlive its command."""
        self._clock = clock or SystemClock()
        self._environ = os.environ if environ is None else environ
        self._max_lines = max_lines
        self._grace_s = grace_s
        self._drain_s = drain_s
        self._stops: dict[str, asyncio.Event] = {}
        self._running: set[asyncio.Task[CommandResult]] = set()

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        stdin: bytes = b"",
        on_output: Callable[[str], None] | None = None,
        key: str = "",
    ) -> CommandResult:
        """See the port; ``key`` names the command for ``stop``. Never raises but for cancellation.

        A command that a signal ended has the exit code 128 + signal; one that was stopped or ran out of time, none.
        ``on_output`` hears of a flood only the last lines of each piece.
        """
        task = asyncio.create_task(self._run(argv, env, timeout_s, stdin, on_output, key))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    def stop(self, key: str) -> bool:
        """End the command of that key and all that it started; ``False`` if none runs. On the loop's thread."""
        if key not in self._stops:
            return False
        self._stops[key].set()
        return True

    async def _run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        timeout_s: float,
        stdin: bytes,
        on_output: Callable[[str], None] | None,
        key: str,
    ) -> CommandResult:
        begin = self._clock.monotonic()
        stop = asyncio.Event()
        if key:
            self._stops[key] = stop
        output = CommandOutput(self._max_lines, on_output)
        try:
            child, pipe = await self._start(argv, env, stdin)
            exit, error, timed_out = await self._attend(child, pipe, output, timeout_s, stop)
        except (OSError, ValueError) as failed:
            exit, error, timed_out = None, _reason(failed), False
        finally:
            if self._stops.get(key) is stop:
                del self._stops[key]
        took_ms = round((self._clock.monotonic() - begin) * 1000)
        return CommandResult(exit, output.lines, output.dropped, took_ms, timed_out, output.digest, error)

    async def _start(self, argv: Sequence[str], env: Mapping[str, str], stdin: bytes) -> tuple[Child, int]:
        if not argv or not argv[0]:
            raise ValueError("there is no command to run")
        given = command_child.environment(self._environ, env)
        try:
            async with asyncio.timeout(LOCATE_S):
                program = await aside(lambda: command_child.locate(argv[0], given["PATH"]))
        except TimeoutError:
            raise OSError(f"{argv[0]} could not be read within {LOCATE_S:g} s: its file system hangs") from None
        return command_child.start(program, argv, given, stdin)

    async def _attend(
        self, child: Child, pipe: int, output: CommandOutput, timeout_s: float, stop: asyncio.Event
    ) -> tuple[int | None, str, bool]:
        """Exit code, error, and whether the time ran out."""
        drained = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe, _read, pipe, output, drained)
        try:
            await _first(timeout_s, child.exited, stop)
            if child.exited.is_set():
                await _first(self._drain_s, drained)
                child.release()
                return child.status, "", False
            ended = await child.end(self._grace_s)
            await _first(self._drain_s, drained)
            error = "it was stopped" if stop.is_set() else ""
            if not ended:
                error = (
                    f"process {child.pid} does not end, even by SIGKILL; it hangs in the kernel or is another user's"
                )
            return None, error, not stop.is_set()
        finally:
            loop.remove_reader(pipe)
            os.close(pipe)
            output.end()
            child.release()


def _read(pipe: int, output: CommandOutput, drained: asyncio.Event) -> None:
    try:
        data = os.read(pipe, _CHUNK)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if data:
        output.feed(data)
        return
    asyncio.get_running_loop().remove_reader(pipe)
    drained.set()


async def _first(limit_s: float, *events: asyncio.Event) -> None:
    """Until one of the events is set, or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=max(limit_s, 0), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waits, return_exceptions=True)


def _reason(error: OSError | ValueError) -> str:
    """Why it could not be started, in words."""
    if isinstance(error, OSError) and error.errno is not None:
        text = error.strerror or str(error)
        return clean(f"{error.filename}: {text}" if isinstance(error.filename, str) else text, 300)
    if isinstance(error, UnicodeError):
        return "an argument holds characters that cannot be passed on"
    return clean(str(error), 300)
