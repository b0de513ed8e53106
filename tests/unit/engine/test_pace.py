from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.engine.pace import LONGEST_S, Pace, health_of
from console.errors import BackendError, RateLimited, TimedOut, Unauthorised, Unreachable
from console.model.source import Health


def pace(interval: float = 5.0) -> Pace:
    return Pace(interval, rng=random.Random(1))


def test_failures_wait_longer_and_longer_up_to_a_minute() -> None:
    p = pace()
    waits = [p.failed(Unreachable("x")) for _ in range(9)]
    assert 4 <= waits[0] <= 6
    assert 8 <= waits[1] <= 12
    assert all(w <= LONGEST_S * 1.2 for w in waits)
    assert p.open


def test_an_answer_closes_the_circuit() -> None:
    p = pace()
    for _ in range(9):
        p.failed(TimedOut("x"))
    assert p.succeeded(0.2) == 0.2
    assert not p.open


def test_a_slow_source_rests_as_long_as_it_worked() -> None:
    assert pace().succeeded(4.0) == 4.0
    assert pace().succeeded(40.0) == 5.0


def test_retry_after_is_obeyed() -> None:
    assert 30 <= pace().failed(RateLimited("x", retry_after=30)) <= 31


@given(
    st.floats(0.1, 600), st.lists(st.sampled_from([Unreachable("u"), Unauthorised("a"), ValueError("v")]), max_size=40)
)
def test_the_wait_is_always_bounded_and_never_zero(interval: float, errors: list[Exception]) -> None:
    p = Pace(interval, rng=random.Random(2))
    for error in errors:
        assert 0 < p.failed(error) <= 1.2 * max(LONGEST_S, interval)


@pytest.mark.parametrize(
    ("error", "health"),
    [
        (Unauthorised("token expired", next="log in again"), Health.UNAUTHORISED),
        (RateLimited("asked to wait"), Health.LIMITED),
        (BackendError("broken"), Health.FAILING),
        (KeyError("x"), Health.FAILING),
    ],
)
def test_each_error_has_its_mark(error: Exception, health: Health) -> None:
    assert health_of(error)[0] is health
    assert "KeyError" in health_of(KeyError("secret"))[1]
    assert "secret" not in health_of(KeyError("secret"))[1]
