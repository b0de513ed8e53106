"""Silences as effects: whoever comes after a lost answer finds what was set, and sets nothing twice."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from console.alerts.effects import END, SET, EndOrder, SilenceOrder, arguments, effects
from console.errors import Rejected
from console.model.action import Intent, Receipt, Tier
from console.text import clean
from tests.unit.alerts.staff import FakeSilencer
from tests.unit.desk.fakes import World

ORDER = SilenceOrder("am", ('service="db"', 'env=~"prod.*"'), 0, 2_000_000_000_000, "ana", "why\n(ana)")


def intent(effect: str, order: object) -> Intent:
    args = arguments(order) if isinstance(order, SilenceOrder | EndOrder) else {"source": 7}
    return Intent("op-1", "alert.silence", "silence it", "POST", "am", Tier.R2, args, effect=effect)


def test_what_was_set_is_found_by_what_was_ordered_and_by_nothing_else() -> None:
    am = FakeSilencer("am", World())
    served = effects({"am": am})[SET]

    async def scene() -> Receipt:
        assert await served.look_up(intent(SET, ORDER)) is None
        sent = await served.send(intent(SET, ORDER))
        assert await served.look_up(intent(SET, ORDER)) == sent
        for other in (
            replace(ORDER, by="tomo"),
            replace(ORDER, ends_at=ORDER.ends_at + 1),
            replace(ORDER, matchers=ORDER.matchers[:1]),
            replace(ORDER, matchers=('service="web"', 'env=~"prod.*"')),
            replace(ORDER, matchers=('service="db"', 'env="prod.*"')),
        ):
            assert await served.look_up(intent(SET, other)) is None
        return sent

    sent = asyncio.run(scene())
    assert len(am.kept) == 1
    assert sent.undo is not None
    assert sent.undo.args == {"silence": f"am/{next(iter(am.kept))}"}


def test_what_comes_back_cleaned_is_still_found() -> None:
    am = FakeSilencer("am", World())
    served = effects({"am": am})[SET]
    order = replace(ORDER, matchers=('service="d\tb\u200b"', f'path="{"x" * 5000}"'))

    async def scene() -> None:
        sent = await served.send(intent(SET, order))
        (key,) = am.kept
        told = am.kept[key]
        seen = tuple(replace(m, name=clean(m.name), value=clean(m.value)) for m in reversed(told.matchers))
        am.kept[key] = replace(told, matchers=seen)
        assert seen[1].value != told.matchers[0].value
        assert await served.look_up(intent(SET, order)) == sent

    asyncio.run(scene())


def test_a_silence_that_has_ended_was_ended() -> None:
    am = FakeSilencer("am", World())
    served = effects({"am": am})

    async def scene() -> None:
        await served[SET].send(intent(SET, ORDER))
        order = EndOrder(f"am/{next(iter(am.kept))}")
        assert await served[END].look_up(intent(END, order)) is None
        sent = await served[END].send(intent(END, order))
        assert await served[END].look_up(intent(END, order)) == sent

    asyncio.run(scene())


@pytest.mark.parametrize("order", [replace(ORDER, source="gone"), None])
def test_what_cannot_be_done_here_is_certainly_not_done(order: SilenceOrder | None) -> None:
    served = effects({"am": FakeSilencer("am", World())})[SET]
    with pytest.raises(Rejected) as error:
        asyncio.run(served.send(intent(SET, order)))
    assert error.value.happened is False
