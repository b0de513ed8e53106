"""The last answers of one backend as they came, for whoever files them as evidence: a megabyte at most."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from console.clock import Clock, SystemClock
from console.ports import Answer

MOST = 1 << 20
"""Bytes of all bodies of a source together."""
ADDRESSES = 32
"""Addresses that are remembered: without their times, the queries of a source are few."""
_TIMES = frozenset({"start", "end", "time", "step"})


class Answers:
    """Of each address the last answer; the oldest are let go first, and of what is too large only its size is kept."""

    def __init__(self, most: int = MOST, clock: Clock | None = None) -> None:
        self._most = most
        self._clock = clock or SystemClock()
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0

    def tape(self, method: str, path: str, params: Mapping[str, Any] | None) -> Tape:
        """For one answer that comes in pieces."""
        return Tape(self, method, path, params or {}, self._most)

    def keep(self, key: str, answer: Answer) -> None:
        """Put an answer in the place of the one before."""
        self._forget(key)
        self._kept[key] = answer
        self._size += len(answer.body or b"")
        while self._size > self._most or len(self._kept) > ADDRESSES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= len(gone.body or b"")

    def kept(self) -> Sequence[Answer]:
        """All, the latest last."""
        return tuple(self._kept.values())

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._clock.now()


class Tape:
    """Takes the pieces of one answer for as long as they are few enough."""

    def __init__(self, answers: Answers, method: str, path: str, params: Mapping[str, Any], most: int) -> None:
        self._answers = answers
        self._method = method
        self._path = path
        self._params = params
        self._most = most
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """The next piece."""
        self._size += len(piece)
        if self._size <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def end(self, status: int) -> None:
        """All of it is here."""
        body = b"".join(self._pieces) if self._size <= self._most else None
        lasting = {name: value for name, value in self._params.items() if name not in _TIMES}
        self._answers.keep(
            f"{self._method} {_address(self._path, lasting)}",
            Answer(
                self._method,
                _address(self._path, self._params),
                status,
                self._answers.now(),
                self._size,
                body,
            ),
        )


def _address(path: str, params: Mapping[str, Any]) -> str:
    return f"{path}?{urlencode(params, doseq=True)}" if params else path
