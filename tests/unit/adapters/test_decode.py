"""Lists against the lists before them: what is told adds up to what is listed, here and in the decoder process."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.adapters import decode, decode_process
from console.adapters.alert_forms import AlertmanagerForm
from console.adapters.alertmanager_lists import GROUPS, SILENCES
from console.adapters.decode import AlertDecoder
from console.adapters.decode_child import SetUp
from console.adapters.listing import SCANNED, SLICE, Listing
from console.adapters.prometheus_lists import RULES, TARGETS
from console.adapters.readers import Reader
from console.errors import BackendError, BadAnswer, Rejected, TimedOut
from console.model.alert import Alert, AlertDelta
from console.model.normal import Normaliser
from tests.unit.adapters.test_alert_forms import HOSTILE, ITEMS, assert_harmless, texts

NOW = 1_795_000_000_000
Values = list[dict[str, Any]]


def form() -> AlertmanagerForm:
    return AlertmanagerForm("am", Normaliser(), lambda: NOW)


def item(number: int, **labels: str) -> dict[str, Any]:
    named = {"alertname": f"Alert{number % 7}", "service": f"s{number % 50}", "severity": "warning", **labels}
    return {"labels": named, "fingerprint": f"{number:016x}", "annotations": {"summary": f"number {number}"}}


def large(count: int = 12_000, size: int = 12_000_000) -> Values:
    """A list that is at least so many bytes."""
    pad = "x" * (size // count - 120)
    return [item(n, note=pad) for n in range(count)]


def encoded(values: object) -> bytes:
    return msgspec.json.encode(values)


class Union:
    """What an alert store would hold after all deltas."""

    def __init__(self) -> None:
        self.held: dict[str, Alert] = {}
        self.changed = 0
        self.gone: list[str] = []

    def take(self, delta: AlertDelta) -> None:
        assert len(delta.changed) <= SLICE
        assert len(delta.gone) <= SLICE
        for alert in delta.changed:
            self.held[alert.key] = alert
        for key in delta.gone:
            del self.held[key]
        self.changed += len(delta.changed)
        self.gone += delta.gone

    def since(self) -> tuple[int, list[str]]:
        """How many were told changed and which gone since the last call."""
        told, self.changed, self.gone = (self.changed, self.gone), 0, []
        return told


def expected(values: Iterable[object]) -> dict[str, Alert]:
    build, out = form(), {}
    for value in values:
        alert = build(encoded(value))
        if alert is not None:
            out.setdefault(alert.key, alert)
    return out


# Listing


@settings(max_examples=150)
@given(st.lists(st.lists(ITEMS, max_size=6), min_size=1, max_size=4))
def test_deltas_add_up_to_the_last_list_whatever_is_in_it(polls: list[list[object]]) -> None:
    listing, union = Listing(form()), Union()
    for values in polls:
        deltas = list(listing.read(encoded(values)))
        assert [d.last for d in deltas] == [False] * (len(deltas) - 1) + [True]
        for delta in deltas:
            union.take(delta)
        assert union.held == expected(values)


@settings(max_examples=150)
@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=8), min_size=1, max_size=6))
def test_deltas_add_up_over_changes_duplicates_and_vanishing(polls: list[list[tuple[int, int]]]) -> None:
    listing, union = Listing(form()), Union()
    for poll in polls:
        values = [item(number, version=str(version)) for number, version in poll]
        for delta in listing.read(encoded(values)):
            union.take(delta)
        assert set(union.held) == set(expected(values))
        for alert in union.held.values():
            assert (int(alert.vendor_id, 16), int(alert.labels["version"])) in poll


@given(st.binary(max_size=40) | ITEMS.filter(lambda v: not isinstance(v, list)).map(encoded))
def test_what_is_no_list_is_a_bad_answer_and_changes_nothing(body: bytes) -> None:
    listing = Listing(form())
    list(listing.read(encoded([item(1)])))
    try:
        isinstance(json.loads(body), list)
        return
    except (ValueError, RecursionError):
        pass
    with pytest.raises(BadAnswer):
        next(listing.read(body))
    assert list(listing.read(encoded([item(1)]))) == [AlertDelta()]


@pytest.mark.parametrize("body", [b"", b"[", b'[{"a":1}', b"{}", b"null", b"<html>", b"[" * 100_000, b"\xff"])
def test_half_an_answer_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        next(Listing(form()).read(body))


def test_an_unchanged_list_tells_nothing_and_one_in_another_order_neither() -> None:
    values = [item(n) for n in range(1000)]
    listing = Listing(form())
    first = list(listing.read(encoded(values)))
    assert [len(d.changed) for d in first] == [SLICE, SLICE, SLICE, SLICE, 0]
    assert list(listing.read(encoded(values))) == [AlertDelta()]
    assert list(listing.read(encoded(values[::-1]))) == [AlertDelta()]


def test_an_update_that_changes_nothing_shown_is_not_told() -> None:
    listing = Listing(form())
    list(listing.read(encoded([item(1) | {"updatedAt": "a"}])))
    assert list(listing.read(encoded([item(1) | {"updatedAt": "b"}]))) == [AlertDelta()]


def test_items_that_are_no_alerts_are_counted() -> None:
    listing = Listing(form())
    told = list(listing.read(encoded([item(1), 7, None, [], item(2)])))
    assert len(told[-1].changed) == 2
    assert listing.odd.unread == 3
    assert str(listing.odd) == "3 of 5 alerts unreadable: Expected `object`, got `int`"


def test_two_of_one_identity_are_one() -> None:
    listing = Listing(form())
    (told,) = listing.read(encoded([item(1), item(1), item(1, note="other")]))
    assert [a.vendor_id for a in told.changed] == [f"{1:016x}"]


def test_items_that_are_read_in_part_are_counted_as_long_as_they_are_listed() -> None:
    listing = Listing(form())
    values = [item(1), item(2) | {"startsAt": 7}, 7, item(3) | {"annotations": []}]
    for _ in range(2):
        list(listing.read(encoded(values)))
        assert (listing.odd.unread, listing.odd.repaired, listing.odd.listed) == (1, 2, 4)
        assert str(listing.odd) == (
            "1 of 4 alerts unreadable, 2 read in part: Expected `str`, got `int` - at `$.startsAt`"
        )
    list(listing.read(encoded([item(1), item(2), values[3]])))
    assert str(listing.odd).startswith("1 of 3 alerts read in part: Expected")
    list(listing.read(encoded([item(1)])))
    assert str(listing.odd) == ""


def test_a_long_unchanged_list_is_looked_at_in_slices() -> None:
    body = encoded([item(n) for n in range(3 * SCANNED)])
    listing = Listing(form())
    list(listing.read(body))
    assert [(d.changed, d.gone, d.last) for d in listing.read(body)] == [((), (), False)] * 3 + [((), (), True)]


def test_a_list_that_vanishes_is_told_in_slices() -> None:
    listing = Listing(form())
    list(listing.read(encoded([item(n) for n in range(2 * SLICE + 1)])))
    told = list(listing.read(encoded([item(999_999)])))
    assert [(len(d.changed), len(d.gone), d.last) for d in told] == [
        (1, SLICE, False), (0, SLICE, False), (0, 1, True),
    ]  # fmt: skip
    assert len({key for d in told for key in d.gone}) == 2 * SLICE + 1


# The decoder


def decoder() -> AlertDecoder:
    return AlertDecoder(SetUp("am", "alertmanager"), lambda: NOW)


async def pieces(body: bytes, *, fails: Exception | None = None) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(body), 65_536):
        yield body[at : at + 65_536]
    if fails is not None:
        raise fails


async def read(decoder: AlertDecoder, union: Union, values: object) -> tuple[int, list[str]]:
    body = values if isinstance(values, bytes) else encoded(values)
    async for delta in decoder.read(pieces(body)):
        union.take(delta)
    return union.since()


def playing(play: Callable[[AlertDecoder, Union], Any]) -> AlertDecoder:
    async def main() -> AlertDecoder:
        made = decoder()
        try:
            await play(made, Union())
        finally:
            await made.close()
        return made

    return asyncio.run(main())


def test_a_large_list_is_told_then_only_what_changes() -> None:
    values = large()
    assert len(encoded(values)) > 12_000_000

    async def play(made: AlertDecoder, union: Union) -> None:
        assert await read(made, union, values) == (12_000, [])
        assert union.held == expected(values)
        assert made.process is not None
        pid = made.process.pid
        assert await read(made, union, values) == (0, [])
        vanished = values[:-1]
        assert await read(made, union, vanished) == (0, [f"am/{11_999:016x}"])
        altered = [item(0, service="other"), *vanished[1:]]
        assert await read(made, union, altered) == (1, [])
        assert await read(made, union, []) == (0, list(expected(vanished)))
        assert made.process.pid == pid

    playing(play)


def test_from_small_to_large_tells_what_vanished_between() -> None:
    small, values = [item(n) for n in range(20)] + [item(999_999)], large()

    async def play(made: AlertDecoder, union: Union) -> None:
        assert await read(made, union, small) == (21, [])
        assert made.process is None
        assert await read(made, union, values) == (12_000, [f"am/{999_999:016x}"])
        assert union.held == expected(values)

    playing(play)


def test_a_process_killed_between_polls_is_replaced_and_nothing_is_falsely_gone() -> None:
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, values)
        first = made.process
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        assert await read(made, union, values[1:]) == (11_999, [f"am/{0:016x}"])
        assert union.held == expected(values[1:])
        assert await read(made, union, values[1:]) == (0, [])

    playing(play)


def test_a_process_killed_under_way_is_a_bad_answer_and_a_small_list_is_then_told_here() -> None:
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, values)
        first = made.process
        assert first is not None

        async def cut() -> AsyncGenerator[bytes, None]:
            body = encoded(values)
            yield body[:1_000_000]
            os.kill(first.pid, signal.SIGKILL)
            await first.wait()
            yield body[1_000_000:]

        with pytest.raises(BadAnswer, match="decoder process ended"):
            await anext(made.read(cut()))
        changed, gone = await read(made, union, values[:10])
        assert (changed, len(gone)) == (10, 11_990)
        assert union.held == expected(values[:10])
        assert made.process is None
        assert await read(made, union, values[:10]) == (0, [])

    playing(play)


def test_a_body_that_breaks_off_does_not_spoil_the_next() -> None:
    values = large()
    body = encoded(values)

    async def play(made: AlertDecoder, union: Union) -> None:
        for half in (body[:6_000_000], body[:50_000]):
            broken = made.read(pieces(half, fails=TimedOut("src: no whole answer in 1 s")))
            with pytest.raises(TimedOut):
                await anext(broken)
            told = await read(made, union, values)
            assert told[1] == []
            assert union.held == expected(values)
        assert told == (0, [])

    playing(play)


def test_a_large_answer_that_is_no_list_is_a_bad_answer_once() -> None:
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        for rubbish in (b'{"a":"' + b"x" * 5_000_000 + b'"}', encoded(values)[:-1]):
            with pytest.raises(BadAnswer, match="not a list of alerts"):
                await read(made, union, rubbish)
        await read(made, union, values)
        assert union.held == expected(values)
        with pytest.raises(BadAnswer, match="not a list of alerts"):
            await read(made, union, b"<html>")
        assert await read(made, union, values) == (0, [])

    playing(play)


@pytest.mark.parametrize("values", [[item(n) for n in range(3000)], large()], ids=["small", "large"])
def test_a_reader_that_stops_half_way_misses_nothing_later(values: Values) -> None:
    async def play(made: AlertDecoder, union: Union) -> None:
        deltas = made.read(pieces(encoded(values)))
        union.take(await anext(deltas))
        union.take(await anext(deltas))
        await deltas.aclose()
        assert len(union.held) == 2 * SLICE
        _, gone = await read(made, union, values[5:])
        assert sorted(gone) == [f"am/{n:016x}" for n in range(5)]
        assert union.held == expected(values[5:])

    playing(play)


def test_a_reader_that_stops_amid_what_is_gone_hears_of_the_rest_later() -> None:
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, values)
        assert made.process is not None
        made.process.kill()
        deltas = made.read(pieces(encoded(values[:10])))
        for _ in range(3):
            union.take(await anext(deltas))
        await deltas.aclose()
        assert len(union.held) == 12_000 - 3 * SLICE
        await read(made, union, values[:10])
        assert union.held == expected(values[:10])
        assert await read(made, union, values[:10]) == (0, [])

    playing(play)


@pytest.mark.parametrize("values", [[item(n) for n in range(700)], large()], ids=["small", "large"])
def test_a_reader_that_is_cancelled_at_any_turn_misses_nothing(values: Values) -> None:
    """Its task ends after so many turns of the loop; the next one must hear of all that this one did not."""

    async def play(made: AlertDecoder, union: Union) -> None:
        async def taking() -> None:
            async for delta in made.read(pieces(encoded(values))):
                union.take(delta)

        for turns in (1, 2, 3, 4, 5, 8, 13):
            task = asyncio.create_task(taking())
            while turns and not task.done():
                await asyncio.sleep(0)
                turns -= 1
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await read(made, union, values)
        assert union.held == expected(values)
        assert await read(made, union, values) == (0, [])

    playing(play)


def test_a_process_that_stands_still_is_given_up_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, values)
        first = made.process
        assert first is not None
        monkeypatch.setattr(decode_process, "PATIENCE_S", 0.2)
        os.kill(first.pid, signal.SIGSTOP)
        with pytest.raises(BackendError, match="decoder process"):
            await read(made, union, values)
        monkeypatch.undo()
        assert await first.wait() == -signal.SIGKILL
        assert await read(made, union, values) == (12_000, [])

    playing(play)


def test_hostile_labels_come_clean_out_of_the_process() -> None:
    values = [item(n, **{HOSTILE: HOSTILE, "pad": "x" * 900}) for n in range(6_000)]

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, values)
        assert made.process is not None
        assert len(union.held) == 6_000
        for alert in union.held.values():
            for text in texts(alert):
                assert_harmless(text)

    playing(play)


def test_a_process_is_let_go_after_many_small_lists_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "QUIET", 3)
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, values)
        few = values[:7]
        for polls in range(2):
            changed, gone = await read(made, union, few)
            assert (changed, len(gone)) == ((0, 11_993) if polls == 0 else (0, 0))
            assert made.process is not None
        await read(made, union, values)
        for _ in range(3):
            assert made.process is not None
            await read(made, union, few)
        assert made.process is None
        assert await read(made, union, few[1:]) == (6, [f"am/{0:016x}"])
        assert union.held == expected(few[1:])

    playing(play)


def test_what_is_odd_is_counted_by_the_process_too() -> None:
    values = large()

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, [item(1), 7])
        assert (made.odd.unread, made.odd.repaired) == (1, 0)
        for _ in range(2):
            await read(made, union, [*values, 7, item(999_999) | {"endsAt": []}])
            assert (made.odd.unread, made.odd.repaired) == (1, 1)
        assert f"am/{999_999:016x}" in union.held

    playing(play)


def test_equal_texts_are_one_object_that_came_from_the_process() -> None:
    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, large())
        some = [a for a in union.held.values() if a.service == "s3"]
        assert len(some) > 100
        for one, other in itertools.pairwise(some):
            assert one.service is other.service
            assert one.labels["service"] is other.service
            assert next(iter(one.labels)) is next(iter(other.labels))

    playing(play)


# Bodies that are read whole


TARGET = {"labels": {"job": "j", "instance": "i"}, "health": "up", "lastScrape": "2026-11-18T09:10:11.123Z"}
RULE = {"name": "X", "query": "up == 0", "labels": {"severity": "page"}, "alerts": [{"value": "x" * 2000}]}
SILENCE = {"id": "s", "matchers": [{"name": "a", "value": "b"}], "endsAt": "2999-01-01T00:00:00Z"}
BODIES: list[tuple[Reader[Any], Callable[[int], object]]] = [
    (TARGETS, lambda n: {"data": {"activeTargets": [TARGET | {"lastError": f"{k} " + HOSTILE} for k in range(n)]}}),
    (
        RULES,
        lambda n: {"data": {"groups": [{"name": "g", "rules": [RULE | {"query": f"up == {k}"} for k in range(n)]}]}},
    ),
    (SILENCES, lambda n: [SILENCE | {"id": f"s{k}", "comment": HOSTILE} for k in range(n)]),
    (GROUPS, lambda n: [{"labels": {"alertname": f"X{k}"}, "alerts": [{"x": 1}] * (k % 3)} for k in range(n)]),
]


@pytest.mark.parametrize(("reader", "make"), BODIES, ids=[reader.name for reader, _ in BODIES])
def test_a_large_body_is_read_as_a_small_one(
    reader: Reader[Any], make: Callable[[int], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = encoded(make(1200))
    here = asyncio.run(decode.whole(pieces(body), reader, "src"))
    monkeypatch.setattr(decode, "SMALL_WHOLE", 20_000)
    assert asyncio.run(decode.whole(pieces(body), reader, "src")) == here
    assert len(here) == 1200


@pytest.mark.parametrize("reader", [reader for reader, _ in BODIES], ids=lambda reader: str(reader.name))
def test_a_large_body_that_is_something_else_is_a_bad_answer(
    reader: Reader[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "SMALL_WHOLE", 1000)
    for body in (b"<html>" + b" " * 2000, b'{"data":7}' + b" " * 2000, b"[" * 2000):
        with pytest.raises(BadAnswer) as caught:
            asyncio.run(decode.whole(pieces(body), reader, "src"))
        assert "src" in caught.value.what
        assert caught.value.next


def test_a_large_refusal_is_told_in_the_servers_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "SMALL_WHOLE", 1000)
    body = encoded({"status": "error", "error": "too " + HOSTILE, "data": "x" * 2000})
    with pytest.raises(Rejected, match="too ␛"):
        asyncio.run(decode.whole(pieces(body), TARGETS, "src"))


def test_a_large_body_that_breaks_off_is_that_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "SMALL_WHOLE", 1000)
    with pytest.raises(TimedOut):
        asyncio.run(decode.whole(pieces(b"[" * 9000, fails=TimedOut("src: too late")), SILENCES, "src"))


def test_closing_ends_the_process() -> None:
    async def main() -> None:
        made = decoder()
        await read(made, Union(), large())
        child = made.process
        assert child is not None
        await made.close()
        assert await child.wait() == -signal.SIGKILL
        await made.close()

    asyncio.run(main())


def test_code_in_the_current_folder_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "__init__.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "msgspec.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(tmp_path)

    async def play(made: AlertDecoder, union: Union) -> None:
        assert await read(made, union, large()) == (12_000, [])

    playing(play)
    assert not (tmp_path / "ran").exists()


def test_secrets_of_the_environment_stay_out_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_TEST_KEY", "s3cr3t-env-4711")

    async def play(made: AlertDecoder, union: Union) -> None:
        await read(made, union, large())
        assert made.process is not None
        there = await asyncio.to_thread(Path(f"/proc/{made.process.pid}/environ").read_bytes)
        assert b"PATH=" in there
        assert b"s3cr3t-env-4711" not in there

    playing(play)
