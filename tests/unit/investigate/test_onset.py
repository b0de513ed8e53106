from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from console.investigate.onset import breached, onset
from console.model.metric import Curve, MetricQuery


def curve(values: list[float | None]) -> Curve:
    return Curve(1_000_000, 10_000, tuple(values))


def noisy(level: float, count: int, seed: int) -> list[float | None]:
    rng = random.Random(seed)
    return [level * (1 + rng.gauss(0, 0.03)) for _ in range(count)]


def test_a_step_is_found_where_it_begins() -> None:
    at, normal = onset(curve(noisy(0.3, 60, 1) + noisy(2.4, 30, 2)))
    assert at == 1_000_000 + 60 * 10_000
    assert normal is not None
    assert abs(normal - 0.3) < 0.02


def test_noise_has_no_onset() -> None:
    assert all(onset(curve(noisy(50, 90, seed)))[0] == 0 for seed in range(50))


def test_a_spike_that_went_away_has_no_onset() -> None:
    assert onset(curve([*noisy(1, 50, 3), 9.0, 9.5, 9.1, *noisy(1, 37, 4)]))[0] == 0


def test_a_fall_is_an_onset_too() -> None:
    at, _ = onset(curve(noisy(118, 60, 5) + noisy(41, 30, 6)))
    assert at == 1_000_000 + 60 * 10_000


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=120))
def test_any_curve_is_judged(values: list[float | None]) -> None:
    c = curve(values)
    at, normal = onset(c)
    assert at == 0 or c.start <= at <= c.end
    assert (normal is None) == all(v is None for v in values)


def test_the_limit_works_both_ways() -> None:
    high = MetricQuery("a", "errors", "p", "x", limit=1.0)
    low = MetricQuery("b", "orders", "p", "x", limit=1.0, above=False)
    assert breached(high, 2.0)
    assert not breached(high, 1.0)
    assert breached(low, 0.5)
    assert not breached(low, None)
