"""Silences as effects: whoever comes after a lost answer finds what was set, and sets nothing twice."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import convert
from msgspec.structs import replace

from console.alerts.effects import END, SET, EndOrder, SilenceOrder, arguments, effects
from console.errors import Refused, Rejected
from console.model.action import Intent, Receipt, Tier
from console.ports import Editing
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


def test_how_long_and_why_a_silence_holds_can_be_changed_and_nothing_else() -> None:
    served = effects({"am": FakeSilencer("am", World())})[SET]
    assert isinstance(served, Editing)
    order = replace(ORDER, starts_at=1_000_000, ends_at=1_000_000 + 5_400_000)
    whole = replace(intent(SET, order), words="silence 3 alerts for 90 min")
    fields = {field.name: field for field in served.fields(whole)}
    assert {name: field.value for name, field in fields.items()} == {"duration": "90m", "comment": "why\n(ana)"}
    edited = served.edited(whole, {"duration": "2h"}, "ben", 9_000_000)
    changed = convert(edited.args, SilenceOrder)
    assert (changed.starts_at, changed.ends_at, changed.by) == (9_000_000, 9_000_000 + 7_200_000, "ben")
    assert (changed.matchers, changed.source, changed.comment) == (order.matchers, "am", "why\n(ana)")
    assert (edited.words, edited.target, edited.tier) == ("silence 3 alerts for 2 h", "am", Tier.R2)
    assert edited.call != whole.call
    longer = intent(SET, replace(order, id="s1"))
    assert convert(served.edited(longer, {"comment": "x"}, "ben", 9_000_000).args, SilenceOrder).starts_at == 1_000_000
    for wrong in ({"duration": "soon"}, {"duration": "90d"}, {"comment": "  "}):
        with pytest.raises(Refused):
            served.edited(whole, wrong, "ben", 0)


def test_what_the_console_renews_by_itself_and_the_end_of_a_silence_have_nothing_to_change() -> None:
    served = effects({"am": FakeSilencer("am", World())})
    setting = served[SET]
    assert isinstance(setting, Editing)
    assert setting.fields(replace(intent(SET, ORDER), automatic=True)) == ()
    assert setting.fields(intent(SET, None)) == ()
    assert not isinstance(served[END], Editing)
