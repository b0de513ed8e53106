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

MOST = 20_000
"""Texts that are numbered; over that all numbers are given afresh: what each alert has for itself is not kept here."""

TEXTS = 7
"""Of each alert before the values of its labels: name, summary, service, cluster, host, pod, link."""


class _Part(Struct, array_like=True):
    """A delta in columns, an item for each alert; numbers stand for what this part or one before it has in full."""

    afresh: bool
    """Nothing that came before counts."""
    new_texts: list[str]
    new_names: list[list[int]]
    """Names of labels."""
    new_said: list[list[int]]
    """Annotations: name, value, name, value …"""
    vendor_ids: list[str]
    severities: list[Severity]
    states: list[AlertState]
    started: list[int]
    ended: list[int]
    silenced_by: list[tuple[str, ...]]
    inhibited: list[bool]
    names: list[int]
    said: list[int]
    texts: list[int]
    """Of each alert ``TEXTS`` and the values of its labels."""
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
        afresh = len(self._texts) > MOST
        if afresh:
            self._texts.clear()
            self._names.clear()
            self._said.clear()
        alerts, texts = delta.changed, list[str]()
        for a in alerts:
            texts += (a.name, a.summary, a.service, a.cluster, a.host, a.pod, a.link)
            texts += a.labels.values()
        number = self._texts.__getitem__
        names = [self._names[tuple(a.labels)] for a in alerts]
        said = [self._said[tuple(a.annotations.items())] for a in alerts]
        numbers = list(map(number, texts))
        new_names = [list(map(number, new)) for new in self._names.fresh()]
        new_said = [list(map(number, chain.from_iterable(new))) for new in self._said.fresh()]
        part = _Part(
            afresh,
            self._texts.fresh(),
            new_names,
            new_said,
            [a.vendor_id for a in alerts],
            [a.severity for a in alerts],
            [a.state for a in alerts],
            [a.started_at for a in alerts],
            [a.ended_at for a in alerts],
            [a.silenced_by for a in alerts],
            [a.inhibited for a in alerts],
            names,
            said,
            numbers,
            delta.gone,
            delta.last,
        )
        return self._encode(part)


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
        if part.afresh:
            self._texts, self._names, self._said = [], [], []
        self._texts += self._share.known(part.new_texts)
        text = self._texts.__getitem__
        self._names += [tuple(map(text, numbers)) for numbers in part.new_names]
        self._said += [self._share.alike(dict(_paired(map(text, numbers)))) for numbers in part.new_said]
        return AlertDelta(tuple(self._alerts(part, list(map(text, part.texts)))), part.gone, part.last)

    def _alerts(self, part: _Part, texts: list[str]) -> Iterator[Alert]:
        source, keys, at = self._source, self._keys, 0
        for id, severity, state, started, ended, silenced_by, inhibited, names, said in zip(
            part.vendor_ids, part.severities, part.states, part.started, part.ended, part.silenced_by, part.inhibited,
            part.names, part.said, strict=True,
        ):  # fmt: skip
            name, summary, service, cluster, host, pod, link = texts[at : at + TEXTS]
            of_labels = self._names[names]
            begin, at = at + TEXTS, at + TEXTS + len(of_labels)
            labels = dict(zip(of_labels, texts[begin:at], strict=True))
            key = f"{source}/{id}"
            yield Alert(
                keys.get(key, key), source, id, name, summary, severity, state, started, ended, service, cluster, host,
                pod, silenced_by, inhibited, labels, self._said[said], link,
            )  # fmt: skip


def _paired(texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Two by two."""
    return zip(texts, texts, strict=True)
