"""Acts over many alerts give the loop its turn: no pass over them goes on longer than a slice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from console.alerts import slices, store
from console.alerts.slices import CHUNK, Slices
from tests.unit.alerts.made import alert
from tests.unit.alerts.staff import Staff

MANY = 40 * CHUNK
SILENCE = {"duration": "2h", "reason": "failover under way"}


async def turns(work: Awaitable[object]) -> int:
    """How often others had their turn while this was done."""
    count, done = 0, False

    async def watch() -> None:
        nonlocal count
        while not done:
            count += 1
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await work
    done = True
    await watching
    return count


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chunk uses a slice up."""
    monkeypatch.setattr(slices, "SLICE_S", -1.0)
    monkeypatch.setattr(store, "SIFT_S", -1.0)


def crowd() -> Staff:
    """Many alerts of one name, on as many hosts."""
    return Staff(*(alert(str(n), name="Down", host=f"h{n}", service=f"s{n % 37}") for n in range(MANY)))


KEYS = [f"am/{n}" for n in range(MANY)]
ACTS: dict[str, Callable[[Staff], Awaitable[object]]] = {
    "silence of all": lambda s: s.preview("alert.silence", keys=KEYS, **SILENCE),
    "silence of half": lambda s: s.preview("alert.silence", keys=KEYS[::2], **SILENCE),
    "silence of one": lambda s: s.preview("alert.silence", keys=KEYS[:1], **SILENCE),
    "silence by filter": lambda s: s.preview("alert.silence", filter="alertname=Down", **SILENCE),
    "end of a silence": lambda s: s.preview("silence.expire", silence="am/" + next(iter(s.am.kept))),
    "acknowledgement": lambda s: s.preview("alert.ack", keys=KEYS),
}


@pytest.mark.parametrize("name", ACTS)
def test_the_loop_has_its_turn_at_least_once_a_chunk(name: str, short: None) -> None:
    async def run() -> int:
        staff = crowd()
        await staff.perform("alert.silence", filter="alertname=Down", **SILENCE)
        return await turns(ACTS[name](staff))

    assert asyncio.run(run()) >= MANY // CHUNK


def test_a_slice_goes_on_over_several_passes_and_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(slices.time, "perf_counter", lambda: now)

    async def work() -> None:
        nonlocal now
        piece = Slices()
        for _ in range(6):
            async for _ in piece.over(range(CHUNK)):
                now += slices.SLICE_S / 2

    assert asyncio.run(turns(work())) == 3, "six halves are three slices"
