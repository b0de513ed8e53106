"""The feeds: how a source is asked follows from what it serves."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from console.config import SourceConfig
from console.engine import feeds
from console.engine.feeds import Feeds
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
