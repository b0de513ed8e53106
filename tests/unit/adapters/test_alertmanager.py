"""Alertmanager's adapter on faults and odd answers, and on answers recorded from others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings

from console.adapters.alertmanager import Alertmanager
from console.adapters.listing import SLICE
from console.errors import BadAnswer, Rejected, ServerFailed, Unauthorised
from console.model.alert import Alert, AlertState, Matcher
from console.model.normal import Normaliser
from tests.unit.adapters.loopback import Answering, Asked, Server, Vault, config, serving
from tests.unit.adapters.samples import recorded
from tests.unit.adapters.test_alert_forms import HOSTILE, JSON, assert_harmless, texts
from tests.unit.adapters.test_decode import item
from tests.unit.clocks import ManualClock

T = TypeVar("T")
NOW = 1_795_000_000_000


def asking(answering: Answering, play: Callable[[Alertmanager, Server], Awaitable[T]], **more: Any) -> T:
    async def main() -> T:
        async with serving(answering) as server:
            vault = Vault(KEY="hunter2-bearer")
            adapter = Alertmanager(
                config(server.url, **more), secrets=vault, clock=ManualClock(NOW), normaliser=Normaliser(),
                redact=vault.redact,
            )  # fmt: skip
            try:
                return await play(adapter, server)
            finally:
                await adapter.close()

    return asyncio.run(main())


async def listed(adapter: Alertmanager) -> list[Alert]:
    return [alert async for delta in adapter.poll() for alert in delta.changed]


def saying(value: object) -> Answering:
    return lambda asked: asked.json(value)


def test_a_failed_poll_between_two_good_ones_costs_nothing() -> None:
    answers: list[Answering] = [
        saying([item(1), item(2)]),
        lambda a: a.answer(b"", "500 Internal Server Error"),
        lambda a: a.answer(b'[{"labels"'),
        lambda a: a.answer(b"<html>"),
        saying([item(2), item(3)]),
    ]

    async def play(adapter: Alertmanager, _server: Server) -> None:
        assert len(await listed(adapter)) == 2
        for expected in (ServerFailed, BadAnswer, BadAnswer):
            with pytest.raises(expected):
                await listed(adapter)
        deltas = [delta async for delta in adapter.poll()]
        assert [[a.vendor_id for a in d.changed] for d in deltas] == [[f"{3:016x}"]]
        assert deltas[-1].gone == (f"src/{1:016x}",)

    asking(lambda asked: answers.pop(0)(asked), play)


def test_a_large_list_comes_through_the_decoder_process() -> None:
    body = json.dumps([item(n, note="x" * 900) for n in range(12_000)]).encode()
    assert len(body) > 12_000_000

    async def play(adapter: Alertmanager, _server: Server) -> None:
        assert len(await listed(adapter)) == 12_000
        assert await listed(adapter) == []

    asking(lambda asked: asked.answer(body), play, timeout_s=30.0)


def test_forty_megabytes_arrive_in_slices() -> None:
    body = json.dumps([item(n, note="x" * 3000) for n in range(13_000)]).encode()
    assert len(body) > 40_000_000

    async def play(adapter: Alertmanager, _server: Server) -> None:
        slices = [delta async for delta in adapter.poll()]
        assert sum(len(d.changed) for d in slices) == 13_000
        assert max(len(d.changed) for d in slices) <= SLICE
        assert [d.last for d in slices[-2:]] == [False, True]

    asking(lambda asked: asked.answer(body), play, timeout_s=30.0)


@pytest.mark.parametrize("many", [1, 12_000], ids=["small", "large"])
def test_an_alert_has_ended_by_the_servers_clock(many: int) -> None:
    """Ours may be wrong by hours: an alert that its server still lists as firing is not shown as over."""
    ends = "2026-11-18T11:00:00Z"
    values = [item(n, note="x" * 400) | {"endsAt": ends} for n in range(many)]
    dates = ["Wed, 18 Nov 2026 10:59:58 GMT", "Wed, 18 Nov 2026 11:00:00 GMT"]
    states: list[set[AlertState]] = []

    async def answer(asked: Asked) -> None:
        date = dates[len(states)]
        await asked.answer(json.dumps([value | {"updatedAt": date} for value in values]).encode(), Date=date)

    async def play(adapter: Alertmanager, _server: Server) -> None:
        for _ in dates:
            states.append({alert.state for alert in await listed(adapter)})

    asking(answer, play, timeout_s=30.0)
    assert states == [{AlertState.FIRING}, {AlertState.RESOLVED}]


def test_without_a_date_it_has_ended_by_ours() -> None:
    values = [item(1) | {"endsAt": "2026-11-18T11:06:39Z"}, item(2) | {"endsAt": "2026-11-18T11:06:41Z"}]

    async def play(adapter: Alertmanager, _server: Server) -> None:
        assert [a.state for a in await listed(adapter)] == [AlertState.RESOLVED, AlertState.FIRING]

    asking(saying(values), play)


def test_what_could_not_be_read_whole_is_counted() -> None:
    async def play(adapter: Alertmanager, _server: Server) -> None:
        assert len(await listed(adapter)) == 2
        assert adapter.odd == "1 of 3 alerts unreadable, 1 read in part: Expected `object`, got `int` - at `$.status`"

    asking(saying([item(1), item(2) | {"status": 7}, 7]), play)


def test_the_probe_tells_of_a_cluster() -> None:
    answer = {"versionInfo": {"version": "0.25.0"}, "cluster": {"status": "settling", "peers": [{}, {}]}}

    async def play(adapter: Alertmanager, _server: Server) -> None:
        assert (await adapter.probe()).version == "0.25.0, cluster settling, 2 peers"

    asking(saying(answer), play)


def test_a_large_list_that_is_reset_half_way_is_whole_the_next_time() -> None:
    body = json.dumps([item(n, note="x" * 900) for n in range(12_000)]).encode()
    polls = iter([False, True, False])

    async def answer(asked: Asked) -> None:
        if next(polls):
            await asked.begin(len(body))
            asked.writer.write(body[:8_000_000])
            await asked.writer.drain()
            asked.reset()
        else:
            await asked.answer(body)

    async def play(adapter: Alertmanager, _server: Server) -> None:
        assert len(await listed(adapter)) == 12_000
        with pytest.raises(BadAnswer):
            await listed(adapter)
        assert [d async for d in adapter.poll() if d.changed or d.gone] == []

    asking(answer, play, timeout_s=30.0)


def silence(**more: object) -> dict[str, object]:
    matcher = {"name": HOSTILE, "value": HOSTILE, "isRegex": False, "isEqual": True}
    plain = {"id": "s1", "matchers": [matcher], "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T01:00:00Z",
             "createdBy": HOSTILE, "comment": HOSTILE, "status": {"state": "active"}}  # fmt: skip
    return {**plain, **more}


def test_silences_are_cleaned_and_expired_ones_left_out() -> None:
    async def play(adapter: Alertmanager, _server: Server) -> None:
        (found,) = await adapter.silences()
        for text in (found.comment, found.created_by, found.matchers[0].name, found.matchers[0].value):
            assert_harmless(text)
            assert "␛" in text
        assert found.ends_at - found.starts_at == 3_600_000

    asking(saying([silence(), silence(id="s2", status={"state": "expired"})]), play)


def test_what_is_sent_for_a_silence() -> None:
    async def play(adapter: Alertmanager, server: Server) -> None:
        matchers = [Matcher("service", "a.*", True, False)]
        assert await adapter.create_silence(matchers, NOW, NOW + 60_000, "ann", "why", "old") == "given"
        assert (server.asked[0].method, server.asked[0].path) == ("POST", "/api/v2/silences")
        assert json.loads(server.asked[0].body) == {
            "id": "old",
            "matchers": [{"name": "service", "value": "a.*", "isRegex": True, "isEqual": False}],
            "startsAt": "2026-11-18T11:06:40.000Z",
            "endsAt": "2026-11-18T11:07:40.000Z",
            "createdBy": "ann",
            "comment": "why",
        }

    asking(saying({"silenceID": "given"}), play)


def test_a_time_that_cannot_be_written_is_refused_before_it_is_sent() -> None:
    async def play(adapter: Alertmanager, server: Server) -> None:
        with pytest.raises(Rejected):
            await adapter.create_silence([Matcher("a", "b")], NOW, 10**18, "ann", "why")
        assert server.asked == []

    asking(saying({}), play)


def test_an_expiry_that_failed_counts_only_if_the_silence_still_stands() -> None:
    async def answer(asked: Asked) -> None:
        if asked.method == "DELETE":
            await asked.answer(b'"already expired"', "500 Internal Server Error")
        else:
            await asked.json([silence(id="stands")])

    async def play(adapter: Alertmanager, _server: Server) -> None:
        await adapter.expire_silence("ended")
        with pytest.raises(ServerFailed, match="already expired"):
            await adapter.expire_silence("stands")

    asking(answer, play)


def test_the_probe_never_raises() -> None:
    async def play(adapter: Alertmanager, _server: Server) -> None:
        probe = await adapter.probe()
        assert (probe.reachable, probe.authorised) == (True, False)
        assert "401" in probe.detail

    asking(lambda a: a.answer(b"", "401 Unauthorized"), play)


def test_a_login_that_ended_is_unauthorised_in_every_call() -> None:
    async def play(adapter: Alertmanager, _server: Server) -> None:
        calls: list[Awaitable[object]] = [
            listed(adapter), adapter.groups(), adapter.silences(), adapter.expire_silence("x"),
            adapter.create_silence([Matcher("a", "b")], NOW, NOW + 1, "ann", "x"),
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(Unauthorised):
                await call

    asking(lambda a: a.answer(b"", "403 Forbidden"), play)


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_any_json_is_an_answer_or_a_bad_one(value: object) -> None:
    async def play(adapter: Alertmanager, _server: Server) -> None:
        for call in (lambda: listed(adapter), adapter.groups, adapter.silences):
            try:
                await call()
            except BadAnswer as error:
                assert_harmless(error.what)
        assert (await adapter.probe()).reachable

    asking(saying(value), play)


@pytest.mark.parametrize("path", recorded("alertmanager"))
def test_recorded_groups_parse(path: str) -> None:
    with open(path, "rb") as file:
        body = file.read()
    whole = json.loads(body)

    async def answer(asked: Asked) -> None:
        if asked.path.endswith("/groups"):
            await asked.answer(body)
        else:
            await asked.json([alert for group in whole for alert in group["alerts"]])

    async def play(adapter: Alertmanager, _server: Server) -> None:
        groups = await adapter.groups()
        assert [(g["labels"], len(g["alerts"])) for g in whole] == [(g.labels, g.count) for g in groups]
        alerts = await listed(adapter)
        assert {a.vendor_id for a in alerts} == {a["fingerprint"] for g in whole for a in g["alerts"]}
        for alert in alerts:
            assert alert.name != "unnamed alert"
            assert alert.started_at > 0
            for text in texts(alert):
                assert_harmless(text)

    asking(answer, play)


def test_an_answer_without_the_id_of_the_silence_is_a_bad_one() -> None:
    async def play(adapter: Alertmanager, _server: Server) -> None:
        with pytest.raises(BadAnswer) as caught:
            await adapter.create_silence([Matcher("a", "b")], NOW, NOW + 1, "ann", "x")
        assert caught.value.happened is None

    asking(saying({"silenceID": None}), play)
