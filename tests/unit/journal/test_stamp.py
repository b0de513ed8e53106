"""The hybrid clock: our own lane never goes backwards, and nobody's wrong clock drags ours along."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.journal.stamp import AHEAD_MS, HybridClock
from tests.unit.clocks import ManualClock
from tests.unit.journal.support import NOON

steps = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(-10_000_000, 10_000_000)),
        st.tuples(st.just("observe"), st.integers(-10_000_000, 10_000_000)),
    ),
    max_size=50,
)


@given(steps)
def test_own_stamps_only_rise_whatever_the_clocks_do(made: list[tuple[str, int]]) -> None:
    clock = ManualClock()
    hybrid, last, latest = HybridClock(clock), (0, -1), NOON
    for what, shift in made:
        if what == "tick":
            clock.wall = NOON + shift
            latest = max(latest, clock.wall)
            wall, logical, now = hybrid.tick()
            assert (wall, logical) > last
            assert now == clock.wall
            last = (wall, logical)
        else:
            hybrid.observe("other", clock.wall + shift, 3)
        assert hybrid.wall <= latest + AHEAD_MS


@given(st.integers(-10_000_000, 10_000_000), st.integers(0, 1000))
def test_what_was_seen_comes_before_what_is_said_next(shift: int, logical: int) -> None:
    hybrid = HybridClock(ManualClock())
    followed = hybrid.observe("other", NOON + shift, logical)
    assert followed == (shift <= AHEAD_MS)
    wall, count, _ = hybrid.tick()
    assert ((wall, count) > (NOON + shift, logical)) == followed


def test_a_clock_far_ahead_is_flagged_until_it_is_right() -> None:
    hybrid = HybridClock(ManualClock())
    assert not hybrid.observe("other", NOON + AHEAD_MS + 1, 0)
    assert hybrid.ahead == {"other": AHEAD_MS + 1}
    assert hybrid.tick()[0] == NOON
    assert hybrid.observe("other", NOON + AHEAD_MS, 0)
    assert not hybrid.ahead


def test_our_own_lane_is_resumed_however_far_ahead_it_is() -> None:
    hybrid = HybridClock(ManualClock())
    hybrid.resume(NOON + 10 * AHEAD_MS, 7)
    assert hybrid.tick()[:2] == (NOON + 10 * AHEAD_MS, 8)
