"""Silences as effects: set and ended from what their intents say, and looked up where an answer was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from console.alerts.standing import matcher
from console.clock import Millis
from console.desk.arguments import parse_duration
from console.errors import Refused, Rejected
from console.model.action import Intent, Receipt, Undo
from console.model.alert import Matcher, Silence
from console.model.outbox import EditField
from console.ports import Effect, Silencer
from console.text import clean

T = TypeVar("T", bound=Struct)
SET, END = "silence.set", "silence.end"


class SilenceOrder(Struct, frozen=True):
    """Arguments of an intent to set a silence: all that the call says."""

    source: str
    matchers: tuple[str, ...]
    """As they are written: ``service="db"``."""
    starts_at: Millis
    ends_at: Millis
    by: str
    comment: str
    id: str = ""
    """The silence that is made to last longer, ``""`` = another one is set."""

    def same(self, silence: Silence) -> bool:
        """Whether a silence is the one that was ordered: no other by the same hand on the same matchers ends in the
        same millisecond. One gesture sets several that end together and differ in a value alone.
        """
        found = (silence.created_by, silence.ends_at, _cleaned(silence.matchers))
        return found == (clean(self.by, 200), self.ends_at, _cleaned(self.read()))

    def read(self) -> tuple[Matcher, ...]:
        """The matchers; ``Rejected`` if one is none."""
        found = tuple(map(matcher, self.matchers))
        if not found or None in found:
            raise Rejected(f"{', '.join(self.matchers) or 'nothing'} cannot be silenced: not all of it are matchers")
        return found  # type: ignore[return-value]


class EndOrder(Struct, frozen=True):
    """Arguments of an intent to end a silence."""

    silence: str
    """``<source>/<id>``."""


class SetSilence:
    """``silence.set``."""

    def __init__(self, silencers: Mapping[str, Silencer]) -> None:
        self._silencers = silencers

    async def send(self, intent: Intent) -> Receipt:
        order = _order(intent, SilenceOrder)
        silencer = _silencer(self._silencers, order.source)
        made = await silencer.create_silence(
            order.read(), order.starts_at, order.ends_at, order.by, order.comment, order.id
        )
        return _receipt(order, made)

    async def look_up(self, intent: Intent) -> Receipt | None:
        order = _order(intent, SilenceOrder)
        for silence in await _silencer(self._silencers, order.source).silences():
            if order.same(silence):
                return _receipt(order, silence.id)
        return None

    def fields(self, intent: Intent) -> Sequence[EditField]:
        """How long and why; one that the console renews by itself is not a person's to change."""
        try:
            order = _order(intent, SilenceOrder)
        except Rejected:
            return ()
        if intent.automatic:
            return ()
        length = written((order.ends_at - order.starts_at) // 1000)
        return (
            EditField("duration", "for how long, from when it is sent", length, duration=True),
            EditField("comment", "why, for those who find it", order.comment),
        )

    def edited(self, intent: Intent, changes: Mapping[str, str], by: str, now: Millis) -> Intent:
        """The same matchers at the same source, set anew from this moment.

        One that makes another last longer keeps that one's start: Alertmanager keeps its id only so.
        """
        order = _order(intent, SilenceOrder)
        length = parse_duration(changes.get("duration") or (order.ends_at - order.starts_at) // 1000)
        comment = changes.get("comment", order.comment).strip()
        if not comment:
            raise Refused("a silence needs a comment", next="say why it is silent, for those who find it")
        starts_at = order.starts_at if order.id else now
        order = replace(order, by=by, comment=comment, starts_at=starts_at, ends_at=now + length * 1000)
        silencer = _silencer(self._silencers, order.source)
        what = intent.words.rpartition(" for ")[0] or intent.words
        return replace(
            intent,
            words=f"{what} for {spoken(length)}",
            call=silencer.describe_silence(order.read(), order.ends_at),
            args=arguments(order),
        )


class EndSilence:
    """``silence.end``; ending one that has ended is done already."""

    def __init__(self, silencers: Mapping[str, Silencer]) -> None:
        self._silencers = silencers

    async def send(self, intent: Intent) -> Receipt:
        order = _order(intent, EndOrder)
        source, _, id = order.silence.partition("/")
        await _silencer(self._silencers, source).expire_silence(id)
        return _ended(order)

    async def look_up(self, intent: Intent) -> Receipt | None:
        order = _order(intent, EndOrder)
        source, _, id = order.silence.partition("/")
        holds = any(silence.id == id for silence in await _silencer(self._silencers, source).silences())
        return None if holds else _ended(order)


def effects(silencers: Mapping[str, Silencer]) -> dict[str, Effect]:
    """The effects of this capability by name."""
    return {SET: SetSilence(silencers), END: EndSilence(silencers)}


def spoken(seconds: int) -> str:
    """``1 h``, ``90 min``, ``45 s``: the largest unit that goes into it."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def written(seconds: int) -> str:
    """``1h``, ``90m``, ``45s``, as it is typed."""
    return spoken(seconds).replace(" min", "m").replace(" ", "")


def arguments(order: Struct) -> dict[str, object]:
    """An order as the arguments of its intent."""
    out: dict[str, object] = to_builtins(order)
    return out


def _cleaned(matchers: Sequence[Matcher]) -> list[tuple[str, str, bool, bool]]:
    """Matchers as they come back from a service, in an order of their own."""
    return sorted((clean(m.name), clean(m.value), m.is_regex, m.is_equal) for m in matchers)


def _order(intent: Intent, shape: type[T]) -> T:
    try:
        return msgspec.convert(intent.args, shape)
    except msgspec.ValidationError as error:
        raise Rejected(f"{intent.words}: its intent cannot be read: {error}") from error


def _silencer(silencers: Mapping[str, Silencer], source: str) -> Silencer:
    found = silencers.get(source)
    if found is None:
        raise Rejected(f"source {source} is not configured here", next="act from a console that has it")
    return found


def _receipt(order: SilenceOrder, made: str) -> Receipt:
    undo = Undo("silence.expire", {"silence": f"{order.source}/{made}"}, "end the silence")
    return Receipt(f"silence {made[:8]}", {"silence": f"{order.source}/{made}", "ends_at": order.ends_at}, undo)


def _ended(order: EndOrder) -> Receipt:
    return Receipt(f"silence {order.silence.partition('/')[2][:8]} ended", {"silence": order.silence})
