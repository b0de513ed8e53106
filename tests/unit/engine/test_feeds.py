"""The feeds: how a source is asked follows from what it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from unittest.mock import Mock

import pytest

from console.alerts.grouping import WindowCorrelator
from console.alerts.store import AlertStore
from console.config import SourceConfig
from console.engine import feeds
from console.engine.feeds import PROGRESS_S, Feeds
from console.errors import BackendError
from console.model.alert import AlertDelta
from tests.unit.clocks import ManualClock
from tests.unit.engine import fakes


@pytest.mark.parametrize(("options", "every_ms"), [({}, 1000), ({"alerts": False}, 5000)])
def test_a_source_is_stale_by_the_pace_at_which_it_is_asked(
    options: dict[str, object], every_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "ADAPTERS", {"fake": f"{fakes.__name__}:FakeBackend"})
    source = SourceConfig("am", "fake", "http://127.0.0.1", poll_s=1.0, options=options)
    made = Feeds(
        (source,),
        Mock(),
        Mock(),
        normaliser=Mock(),
        redactor=Mock(),
        clock=ManualClock(0),
        changed=Mock(),
        first=Mock(),
    )
    health = made.tasks[0].health
    assert health.interval_ms == every_ms
    asked = made.tasks[0].duties[0]
    assert not health.stale(health.fresh_at + 3 * round(asked.pace.interval_s * 1000))


class Slow:
    """Lists an alert a slice, each so long after the one before, and may break off."""

    name = "am"

    def __init__(self, clock: ManualClock, slices: int, every_s: float, *, whole: bool = True) -> None:
        self._clock = clock
        self._slices = slices
        self._every_s = every_s
        self._whole = whole

    async def poll(self) -> AsyncGenerator[AlertDelta, None]:
        for number in range(self._slices):
            yield AlertDelta((fakes.alert("Slow", f"s{number}"),), last=False)
            self._clock.move(self._every_s)
        if not self._whole:
            raise BackendError("it broke off")


def listed(slices: int, *, whole: bool = True) -> tuple[list[int], list[bool], AlertStore]:
    """How many alerts were there each time that something was to be shown, and whether more was awaited."""
    clock, store = ManualClock(), AlertStore(WindowCorrelator(), single=True)
    totals: list[int] = []
    awaited: list[bool] = []

    def changed() -> None:
        awaited.append(not store.behind)
        totals.append(store.view().total)

    made = Feeds(
        (), store, Mock(), normaliser=Mock(), redactor=Mock(), clock=clock, changed=changed, first=Mock()
    )  # fmt: skip
    source = Slow(clock, slices, PROGRESS_S / 4, whole=whole)
    if whole:
        asyncio.run(made.read_alerts(source))
    else:
        with pytest.raises(BackendError):
            asyncio.run(made.read_alerts(source))
    return totals, awaited, store


def test_a_list_is_shown_at_once_then_now_and_then_and_at_its_end() -> None:
    totals, awaited, store = listed(10)
    assert totals == [1, 5, 9, 10]
    assert all(awaited), "what a slice leaves over waits for the list's end"
    assert len(store.view().major) == 1


def test_an_empty_list_and_one_that_breaks_off_are_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(0)[0] == [0]
    totals, _, store = listed(2, whole=False)
    assert totals == [1]
    monkeypatch.setattr("console.alerts.store.ARRANGE_S", 0.0)
    store.view()
    assert store.behind, "nothing more is awaited of it"
