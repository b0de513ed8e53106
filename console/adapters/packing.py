"""Slices on their way from the decoder process: each text goes over once a body, each alert as numbers of texts.

Alerts of one list have most of their texts in common. Written out, 50k of them are 36 MB, and making one object of
equal texts again costs the console more than all else that it does with them; as numbers they are 6 MB.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from console.adapters.sharing import Shared
from console.model.alert import Alert, AlertDelta, AlertState
from console.model.severity import Severity

T = TypeVar("T")


class _Row(Struct, array_like=True, gc=False):
    """An alert; numbers stand for texts, ``names`` for the names of its labels, ``said`` for its annotations."""

    vendor_id: str
    severity: Severity
    state: AlertState
    started_at: int
    ended_at: int
    silenced_by: tuple[str, ...]
    inhibited: bool
    name: int
    summary: int
    service: int
    cluster: int
    host: int
    pod: int
    link: int
    names: int
    values: list[int]
    said: int


class _Part(Struct, array_like=True):
    """A delta; texts, label names and annotations that this body did not have before come first."""

    texts: list[str]
    names: list[list[int]]
    said: list[list[int]]
    """Name, value, name, value …"""
    rows: list[_Row]
    gone: tuple[str, ...]
    last: bool


class _Numbers(dict[T, int], Generic[T]):
    """A number for each thing that is asked for, in the order in which they first were."""

    def __init__(self) -> None:
        self._fresh: list[T] = []

    def __missing__(self, thing: T) -> int:
        number = self[thing] = len(self)
        self._fresh.append(thing)
        return number

    def fresh(self) -> list[T]:
        """What was not there at the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh


class Packer:
    """The sending end, for one body of one source."""

    def __init__(self) -> None:
        self._texts: _Numbers[str] = _Numbers()
        self._names: _Numbers[tuple[str, ...]] = _Numbers()
        self._said: _Numbers[tuple[tuple[str, str], ...]] = _Numbers()
        self._encode = msgspec.msgpack.Encoder().encode

    def pack(self, delta: AlertDelta) -> bytes:
        """The delta as msgpack; to be read in the order in which it was made."""
        rows = [self._row(alert) for alert in delta.changed]
        number = self._texts.__getitem__
        names = [list(map(number, names)) for names in self._names.fresh()]
        said = [list(map(number, chain.from_iterable(pairs))) for pairs in self._said.fresh()]
        return self._encode(_Part(self._texts.fresh(), names, said, rows, delta.gone, delta.last))

    def _row(self, alert: Alert) -> _Row:
        number, labels = self._texts.__getitem__, alert.labels
        return _Row(
            alert.vendor_id,
            alert.severity,
            alert.state,
            alert.started_at,
            alert.ended_at,
            alert.silenced_by,
            alert.inhibited,
            number(alert.name),
            number(alert.summary),
            number(alert.service),
            number(alert.cluster),
            number(alert.host),
            number(alert.pod),
            number(alert.link),
            self._names[tuple(labels)],
            list(map(number, labels.values())),
            self._said[tuple(alert.annotations.items())],
        )


class Unpacker:
    """The receiving end, for one body; what earlier bodies had is shared through ``share`` and ``keys``."""

    def __init__(self, source: str, share: Shared, keys: dict[str, str]) -> None:
        """``keys``: those of alerts that are known, each by itself."""
        self._source = source
        self._share = share
        self._keys = keys
        self._texts: list[str] = []
        self._names: list[tuple[str, ...]] = []
        self._said: list[dict[str, str]] = []
        self._decode = msgspec.msgpack.Decoder(_Part).decode

    def unpack(self, data: bytes) -> AlertDelta:
        """The delta that was packed."""
        part = self._decode(data)
        self._texts += self._share.known(part.texts)
        text = self._texts.__getitem__
        self._names += [tuple(map(text, numbers)) for numbers in part.names]
        self._said += [self._share.alike(dict(_paired(map(text, numbers)))) for numbers in part.said]
        return AlertDelta(tuple(map(self._alert, part.rows)), part.gone, part.last)

    def _alert(self, row: _Row) -> Alert:
        text, source = self._texts.__getitem__, self._source
        key = f"{source}/{row.vendor_id}"
        return Alert(
            self._keys.get(key, key),
            source,
            row.vendor_id,
            text(row.name),
            text(row.summary),
            row.severity,
            row.state,
            row.started_at,
            row.ended_at,
            text(row.service),
            text(row.cluster),
            text(row.host),
            text(row.pod),
            row.silenced_by,
            row.inhibited,
            dict(zip(self._names[row.names], map(text, row.values), strict=True)),
            self._said[row.said],
            text(row.link),
        )


def _paired(texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Two by two."""
    return zip(texts, texts, strict=True)
