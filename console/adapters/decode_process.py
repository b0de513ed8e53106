"""The parent's end of a decoder process: started on demand, bounded in time, ended with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

import console
from console.adapters.decode_child import ABANDONED, SetUp
from console.errors import BackendError, BadAnswer, Rejected

PATIENCE_S = 30.0
"""How long the process may take over one frame; 100k alerts take it about 3 s."""

_CODE = str(Path(console.__file__).absolute().parent.parent)

_AGAIN = "it is started again with the next poll"

_PROBLEM = msgspec.msgpack.Decoder(tuple[str, str, str])

_ERRORS: dict[str, type[BackendError]] = {"BadAnswer": BadAnswer, "Rejected": Rejected}


class DecoderProcess:
    """One process of ``decode_child``; broken in any way it is killed and says so as ``BadAnswer``."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    @classmethod
    async def start(cls, setup: SetUp) -> DecoderProcess:
        """A process; its code is named to it, so that nothing in the current folder can stand for it."""
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TZ")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (_CODE, os.environ.get("PYTHONPATH", ""))))
        try:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "console.adapters.decode_child",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env=environment, start_new_session=True, limit=1 << 20,
            )  # fmt: skip
        except OSError as error:
            raise BadAnswer(f"the decoder process cannot be started: {error.strerror}") from None
        process = cls(child)
        await process.send(msgspec.json.encode(setup))
        return process

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether another body can be sent to it."""
        pipe = self._child.stdin
        return self._child.returncode is None and pipe is not None and not pipe.is_closing()

    async def send(self, data: bytes) -> None:
        """One frame to the process; an empty one ends the body."""
        pipe = self._child.stdin
        assert pipe is not None
        pipe.write(len(data).to_bytes(4, "big") + data)
        sent = False
        try:
            async with asyncio.timeout(PATIENCE_S):
                await pipe.drain()
            sent = True
        except (BrokenPipeError, ConnectionResetError):
            raise BadAnswer("the decoder process ended", next=_AGAIN) from None
        except TimeoutError:
            raise BadAnswer("the decoder process takes nothing in", next=_AGAIN) from None
        finally:
            if not sent:
                self.kill()

    def abandon(self) -> None:
        """Let go of a body that broke off."""
        if self.alive and self._child.stdin is not None:
            self._child.stdin.write(ABANDONED)

    async def answers(self) -> AsyncGenerator[tuple[bytes, bytes], None]:
        """End the body; each frame that comes of it as kind and content, up to the one that ends the answer (``n``).

        What the process calls an error is raised after that, so that the next body finds it ready. Left early it is
        killed: what it still says belongs to nobody.
        """
        await self.send(b"")
        problem: BackendError | None = None
        kind = b""
        try:
            while kind != b"n":
                kind, data = await self._frame()
                if kind == b"e":
                    error, what, then = _PROBLEM.decode(data)
                    problem = _ERRORS.get(error, BadAnswer)(what, next=then)
                else:
                    yield kind, data
        finally:
            if kind != b"n":
                self.kill()
        if problem is not None:
            raise problem

    async def _frame(self) -> tuple[bytes, bytes]:
        out = self._child.stdout
        assert out is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                size = int.from_bytes(await out.readexactly(4), "big")
                data = await out.readexactly(size)
        except asyncio.IncompleteReadError:
            raise BadAnswer("the decoder process ended", next=_AGAIN) from None
        except TimeoutError:
            raise BadAnswer("the decoder process does not answer", next=_AGAIN) from None
        return data[:1], data[1:]

    def kill(self) -> None:
        """End it; a second call does nothing."""
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()
        if self._child.stdin is not None:
            self._child.stdin.close()

    async def close(self) -> None:
        """End it and wait until it has."""
        self.kill()
        await self.wait()

    async def wait(self) -> int:
        """How it ended, once it has."""
        return await self._child.wait()
