"""The parts under the screens: wrapping, guarding, listening, aiming."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from console.actions import TABLE, Scope
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from screens.ask import Field, wrong
from screens.deaf import Ear
from screens.detail import detail, moment, plain
from screens.facts import Fact, lines, wrap
from screens.guard import KeyGuard
from screens.room_lists import split
from screens.situation import Situation, aim, find_group, in_flight, why_not
from screens.steps import current_run
from tests.screens import world
from tests.unit.clocks import ManualClock


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Mn", "Cf")), max_size=300), st.integers(4, 60))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    parts = wrap(text, width)
    assert all(cell_len(part) <= width for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_of_a_huge_text_only_so_many_lines_are_laid_out() -> None:
    rows = lines([Fact("label", "x " * 10_000)], 40)
    assert len(rows) == 40
    assert rows[39].text.endswith("lines more; copy to have all")
    assert plain(rows[0]) == "x " * 10_000


def test_a_key_on_the_heels_of_another_or_of_a_paste_is_no_hands() -> None:
    clock = ManualClock()
    guard = KeyGuard(clock.monotonic)
    guard.key(True)
    assert guard.refuses() == ""
    clock.move(0.01)
    guard.key(True)
    assert "faster than a hand" in guard.refuses()
    clock.move(0.2)
    guard.key(True)
    assert guard.refuses() == ""
    guard.paste()
    clock.move(0.01)
    guard.key(True)
    assert guard.burst
    clock.move(0.01)
    guard.key(False)
    assert guard.refuses() == "", "an arrow is no part of a paste's text"


def test_a_row_that_slid_under_the_cursor_is_safe_until_it_was_seen() -> None:
    clock = ManualClock()
    guard = KeyGuard(clock.monotonic)
    guard.shifted()
    clock.move(0.5)
    guard.key(True)
    assert "has just changed" in guard.refuses()
    guard.aimed()
    assert guard.refuses() == ""
    guard.shifted()
    clock.move(0.8)
    assert guard.refuses() == ""


def test_an_ear_is_deaf_until_the_dialog_is_seen_and_for_400_ms_after() -> None:
    clock = ManualClock()
    ear = Ear(clock.monotonic)
    clock.move(60)
    ear.heard()
    assert "too early" in ear.refuses(), "a dialog that was never seen hears nothing, however old"
    ear.seen()
    clock.move(0.399)
    ear.heard()
    assert "too early" in ear.refuses()
    clock.move(0.1)
    ear.heard()
    assert ear.refuses() == ""
    assert not ear.quiet
    clock.move(0.061)
    assert ear.quiet


def test_durations() -> None:
    field = Field("d", "how long", duration=True)
    assert [wrong(field, text) == "" for text in ("90s", "15m", "2h", "30d", "31d", "0m", "2", "h", "")] == [
        True, True, True, True, False, False, False, False, False,
    ]  # fmt: skip


def test_moments_name_the_day_only_where_it_is_another() -> None:
    from datetime import UTC

    from widgets import words

    words.use_zone(UTC)
    assert moment(world.at("14:02:05"), world.NOW) == "14:02:05 UTC, 3 m ago"
    assert moment(world.NOW - 86_400_000, world.NOW).startswith("Sun 22 Nov 2026 14:05:59 UTC")
    assert moment(0, world.NOW) == "unknown"


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(0, 60))
def test_a_timeline_is_split_where_the_operator_left(times: list[int], since: int) -> None:
    rows = Rows([tuple(replace(world.TIMELINE[0], key=str(n), at=t) for n, t in enumerate(sorted(times)))])
    before, after = split(rows, since)
    assert [*before, *after] == list(rows)
    assert all(row.at <= since for row in before)
    assert all(row.at > since for row in after)


def test_an_empty_world_is_no_error() -> None:
    nothing = Situation(Snapshot(), Scope.ALERTS)
    assert find_group(nothing.snapshot.alerts, "g1") is None
    assert current_run(None) is None
    assert in_flight(nothing.snapshot) == []
    assert detail(None, nothing.snapshot, 0) == []
    for spec in TABLE.values():
        why_not(spec, nothing)
        aim(spec, nothing)


def test_marked_alerts_are_aimed_at_and_not_the_row_under_the_cursor() -> None:
    at = Situation(world.ROOM, Scope.ALERTS, world.WAREHOUSE, frozenset({"alertmanager/x", "g1"}))
    keys = aim(TABLE["alert.ack"], at)["keys"]
    assert isinstance(keys, list)
    assert len(keys) == len(world.MEMBERS) + 1


def test_the_way_back_of_a_step() -> None:
    at = Situation(world.ROOM, Scope.RUNBOOK, world.RUN.steps[4])
    assert aim(TABLE["step.undo"], at)["step"] == "s3"
    assert why_not(TABLE["step.undo"], at) == ""
    assert why_not(TABLE["step.stop"], at) == "no step is running"
