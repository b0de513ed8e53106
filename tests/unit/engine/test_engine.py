"""The whole engine on its own thread, with backends inside the process: one alert's way and one key's way."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console import reference
from console.alerts.store import AlertStore
from console.config import Config, MetricConfig, SourceConfig
from console.engine import feeds
from console.engine.handle import Handle
from console.engine.rooms import Room, Rooms
from console.engine.runtime import Engine
from console.errors import RateLimited, Unreachable
from console.journal.reading import read
from console.model.action import Action, Reply
from console.model.entry import Actor
from console.model.incident import Status
from console.model.snapshot import Snapshot, View
from console.model.source import Health
from console.secret import Secret
from tests.unit.engine import fakes
from tests.unit.engine.fakes import WORLD, alert

ANA = Actor("ana")


class Sitting:
    """A console without a screen: waits for snapshots and replies by event, never by the clock alone."""

    def __init__(self, folder: Path, *, start: str = "", **config: object) -> None:
        sources = (SourceConfig("am", "fake", "http://127.0.0.1", poll_s=0.05),)
        metrics = (MetricConfig("errors", "am", "up"),)
        self.handle = Handle()
        self.engine = Engine(
            Config(sources=sources, metrics=metrics, folder=str(folder), **config),  # type: ignore[arg-type]
            ANA,
            start=start,
            handle=self.handle,
        )
        self.replies: dict[str, Reply] = {}
        self.snapshot = Snapshot()
        self._news = threading.Event()
        self._count = 0
        self.handle.on_news(self._news.set)
        self.engine.start()

    def until(self, holds: Callable[[Snapshot], object], what: str = "") -> Snapshot:
        for _ in range(400):
            self._take()
            if holds(self.snapshot):
                return self.snapshot
            self._news.wait(0.05)
            self._news.clear()
        raise AssertionError(f"did not come: {what}; notice {self.snapshot.notice!r}; crash {self.engine.crash!r}")

    def _take(self) -> None:
        self.snapshot, replies = self.handle.take()
        self.replies |= {r.request_id: r for r in replies}

    def act(self, id: str, *, preview: bool = False, digest: str = "", **args: object) -> Reply:
        self._count += 1
        name = f"r{self._count}"
        self.handle.submit(Action(name, id, args, ANA, preview, digest))
        self.until(lambda _: name in self.replies, f"the reply to {id}")
        return self.replies[name]

    def leave(self) -> None:
        assert self.engine.stop(5.0)


@pytest.fixture
def sitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sitting]]:
    monkeypatch.setattr(feeds, "ADAPTERS", {"fake": f"{fakes.__name__}:FakeBackend"})
    made: list[Sitting] = []

    def make(**config: object) -> Sitting:
        made.append(Sitting(tmp_path / "state", **config))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.engine.stop(5.0)
    WORLD.clear()


def storm(one: Sitting) -> str:
    """Three alerts of two services; the group's key."""
    one.until(lambda s: "am" in WORLD and s.sources and s.sources[0].fresh_at, "the first poll")
    WORLD["am"].put(alert("PoolExhausted", "orders-db"), alert("Errors", "orders"), alert("Slow", "orders"))
    snapshot = one.until(lambda s: s.alerts.major and s.alerts.major[0].firing == 3, "the group")
    return snapshot.alerts.major[0].key


def test_an_alerts_way_and_back(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    storm(one)
    group = one.snapshot.alerts.major[0]
    assert group.services == ("orders", "orders-db")
    assert group.why
    assert one.snapshot.metrics[0].curve is not None
    WORLD["am"].alerts.clear()
    snapshot = one.until(lambda s: s.alerts.firing == 0, "all resolved")
    assert snapshot.alerts.total == 3


def test_a_keys_way_through_the_desk_into_the_journal(sitting: Callable[..., Sitting], tmp_path: Path) -> None:
    one = sitting()
    group = storm(one)
    assert one.act("incident.declare", title="orders fail", severity="SEV1", group=group, command="yes").ok
    snapshot = one.until(lambda s: s.incident is not None, "the room")
    assert snapshot.incident is not None
    assert snapshot.incident.ic == "ana"
    assert len(snapshot.incident.linked) == 3
    preview = one.act("alert.silence", preview=True, group=group, duration="1h", reason="failover").preview
    assert preview is not None
    assert preview.tier == 2
    refused = one.act("alert.silence", group=group, duration="1h", reason="failover")
    assert not refused.ok
    assert WORLD["am"].made == []
    done = one.act("alert.silence", group=group, duration="1h", reason="failover", digest=preview.digest)
    assert done.ok, done
    assert len(WORLD["am"].made) >= 1
    assert "failover" in WORLD["am"].made[0].comment
    assert one.act("incident.note", text="pool is full").ok
    kinds = [str(e.kind) for e in read(tmp_path / "state" / "incidents" / "INC-0001")]
    assert kinds.index("action.intended") < kinds.index("action.sending") < kinds.index("action.sent")
    one.leave()
    assert [str(e.kind) for e in read(tmp_path / "state" / "incidents" / "INC-0001")][-1] == "console.detached"
    assert WORLD["am"].closed


def test_what_joins_and_what_resolves_later_stands_in_the_journal(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    group = storm(one)
    one.act("incident.declare", title="orders fail", severity="SEV1", group=group, command="yes")
    WORLD["am"].put(alert("Errors", "payments", at=1_795_000_030_000))
    one.until(lambda s: s.incident is not None and len(s.incident.linked) == 4, "the fourth alert linked")
    del WORLD["am"].alerts["am/orders-Slow"]
    one.until(
        lambda s: s.incident is not None and s.incident.linked["am/orders-Slow"].state == "resolved", "its end noted"
    )


def test_the_next_start_comes_back_and_says_what_happened(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    one.act("incident.declare", title="orders fail", severity="SEV2", command="yes")
    one.leave()
    two = sitting()
    snapshot = two.until(lambda s: s.incident is not None, "the room again")
    assert snapshot.incident is not None
    assert snapshot.incident.status is Status.INVESTIGATING
    assert snapshot.incident.title == "orders fail"


def test_two_consoles_see_each_other(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    one.act("incident.declare", title="orders fail", severity="SEV2", command="yes")
    two = sitting()
    two.until(lambda s: s.incident is not None, "the room")
    two.act("incident.note", text="seen from here too")
    one.until(
        lambda s: s.incident is not None and any("seen from here too" in r.text for r in s.incident.timeline),
        "the note",
    )


def test_a_dead_backend_changes_one_health_mark(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    storm(one)
    WORLD["am"].error = Unreachable("am: connection refused", next="check the address")
    snapshot = one.until(lambda s: s.sources[0].health is Health.FAILING, "its health")
    assert "connection refused" in snapshot.sources[0].detail
    assert snapshot.alerts.firing == 3
    assert one.act("alert.ack", keys=["am/orders-Slow"]).ok
    one.until(lambda s: s.alerts.major[0].acked == 1, "the acknowledgement")


def test_read_only_decides_nothing(sitting: Callable[..., Sitting], tmp_path: Path) -> None:
    one = sitting(read_only=True)
    group = storm(one)
    reply = one.act("incident.declare", title="x", severity="SEV1", group=group)
    assert not reply.ok
    assert "read-only" in reply.text
    assert not (tmp_path / "state" / "incidents").exists()


def test_an_acknowledgement_outlives_the_console(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    storm(one)
    assert one.act("alert.ack", keys=["am/orders-Slow"], note="looking").ok
    one.leave()
    two = sitting()
    two.until(lambda s: "am" in WORLD and s.sources and s.sources[0].fresh_at, "the first poll")
    WORLD["am"].put(alert("PoolExhausted", "orders-db"), alert("Slow", "orders"))
    two.until(lambda s: any(r.acked_by == "ana" for r in s.alerts.flat), "the mark")


def test_a_filter_narrows_what_is_shown(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    storm(one)
    one.handle.look(View(filter="service=orders"))
    snapshot = one.until(lambda s: s.alerts.filter == "service=orders", "the filter")
    assert snapshot.alerts.matching == 2
    one.handle.look(View(filter="is:nonsense"))
    one.until(lambda s: "nonsense" in s.alerts.filter_error, "the error")


def test_read_only_takes_no_lane_and_sees_what_others_write(sitting: Callable[..., Sitting], tmp_path: Path) -> None:
    looker = sitting(read_only=True)
    looker.until(lambda s: s.version > 1, "its first snapshot")
    assert not list((tmp_path / "state").rglob("*.lane"))
    writer = sitting()
    writer.act("incident.declare", title="orders fail", severity="SEV2", command="yes")
    looker.until(lambda s: s.incidents, "the incident in the lobby")
    assert looker.act("incident.open", incident="INC-0001").ok
    writer.act("incident.note", text="written next door")
    looker.until(
        lambda s: s.incident is not None and any("written next door" in r.text for r in s.incident.timeline), "the note"
    )
    assert len(list((tmp_path / "state" / "incidents").rglob("*.lane"))) == 1


def test_after_a_restart_alerts_that_join_the_group_are_still_linked(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    one.act("incident.declare", title="orders fail", severity="SEV1", group=storm(one), command="yes")
    one.leave()
    two = sitting()
    two.until(lambda s: s.incident is not None and s.sources and s.sources[0].fresh_at, "the room and a poll")
    WORLD["am"].put(alert("PoolExhausted", "orders-db"), alert("Errors", "orders"), alert("Slow", "orders"))
    WORLD["am"].put(alert("Errors", "payments", at=1_795_000_030_000))
    two.until(lambda s: s.incident is not None and "am/payments-Errors" in s.incident.linked, "the later alert")


def test_acknowledgements_show_when_their_incident_is_opened_later(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    one.act("incident.declare", title="orders fail", severity="SEV1", group=storm(one), command="yes")
    assert one.act("alert.ack", keys=["am/orders-Slow"]).ok
    assert one.act("incident.leave").ok
    one.leave()
    two = sitting()
    storm(two)
    assert two.act("incident.open", incident="INC-0001").ok
    two.until(lambda s: any(r.acked_by == "ana" for r in s.alerts.flat), "the mark")


def test_what_the_configuration_calls_secret_reaches_no_journal(
    sitting: Callable[..., Sitting], tmp_path: Path
) -> None:
    one = sitting(redact=(r"CUST-\d+",))
    one.act("incident.declare", title="CUST-12345 cannot pay", severity="SEV2", command="yes")
    snapshot = one.until(lambda s: s.incident is not None, "the room")
    assert snapshot.incident is not None
    one.leave()
    kept = b"".join(f.read_bytes() for f in (tmp_path / "state").rglob("*") if f.is_file())
    assert b"CUST-12345" not in kept


def test_what_happened_while_nobody_looked_is_told_in_its_own_room_only(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    one.act("incident.declare", title="orders fail", severity="SEV2", command="yes")
    one.leave()
    other = sitting()
    other.until(lambda s: s.incident is not None, "the room")
    other.act("incident.note", text="while you were away")
    other.act("incident.leave")
    other.leave()
    back = sitting()
    back.until(lambda s: s.version > 1, "its first snapshot")
    assert back.snapshot.away is None


def test_a_silence_set_by_an_acknowledgement_ends_with_it_at_once(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    storm(one)
    assert one.act("alert.ack", keys=["am/orders-Slow"], silence="yes").ok
    assert [s.comment[:14] for s in WORLD["am"].made] == ["[warroom:ack] "]
    reply = one.act("alert.unack", keys=["am/orders-Slow"])
    assert "1 silence ended" in reply.text
    assert WORLD["am"].made == []


def test_a_source_that_is_left_alone_for_long_is_asked_at_once_with_fresh_secrets(
    sitting: Callable[..., Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sitting()
    storm(one)
    WORLD["am"].error = RateLimited("am asked to wait", retry_after=3000)
    one.until(lambda s: s.sources[0].health is Health.LIMITED, "the wish to wait")
    WORLD["am"].error = None
    monkeypatch.setitem(reference._said, "cmd:token", (time.monotonic(), Secret("expired")))
    reply = one.act("source.ask", source="am")
    assert (reply.ok, reply.text) == (True, "am is asked now")
    one.until(lambda s: s.sources[0].health is Health.OK, "an answer")
    assert reference._said == {}
    wrong = one.act("source.ask", source="an")
    assert (wrong.ok, wrong.next) == (False, "did you mean 'am'?")


def test_of_two_incidents_opened_at_once_the_last_asked_for_is_shown(
    sitting: Callable[..., Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sitting()
    for title in ("orders fail", "disk full"):
        assert first.act("incident.declare", title=title, severity="SEV2").ok
    assert first.act("incident.leave").ok
    first.leave()
    go_on, asked, whole = threading.Event(), threading.Event(), Rooms.open

    async def slow(self: Rooms, incident: str) -> Room:
        if incident == "INC-0001":
            asked.set()
            await asyncio.to_thread(go_on.wait, 10)
        return await whole(self, incident)

    monkeypatch.setattr(Rooms, "open", slow)
    one = sitting()
    one.until(lambda s: s.version > 1, "its first snapshot")
    for number in (1, 2):
        one.handle.submit(Action(f"open{number}", "incident.open", {"incident": f"INC-000{number}"}, ANA))
    assert asked.wait(10)
    # Anything else is answered meanwhile.
    assert one.act("source.ask", source="am").ok
    go_on.set()
    one.until(lambda _: {"open1", "open2"} <= one.replies.keys(), "both replies")
    snapshot = one.until(lambda s: s.incident is not None and s.incident.key == "INC-0002", "the last asked for")
    assert snapshot.incident is not None
    one.leave()


def test_actions_do_not_wait_for_a_filter(sitting: Callable[..., Sitting], monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    whole = AlertStore.refilter

    async def slow(self: AlertStore, text: str) -> None:
        begun.set()
        await asyncio.to_thread(go_on.wait, 10)
        await whole(self, text)

    monkeypatch.setattr(AlertStore, "refilter", slow)
    one = sitting()
    storm(one)
    one.handle.look(View(filter="service=orders"))
    assert begun.wait(10)
    assert one.act("alert.ack", keys=["am/orders-Slow"]).ok
    assert one.snapshot.alerts.filter == ""
    go_on.set()
    one.until(lambda s: s.alerts.filter == "service=orders", "the filter")


def test_where_the_operator_was_is_not_kept_beside_shared_incidents(
    sitting: Callable[..., Sitting], tmp_path: Path
) -> None:
    one = sitting()
    assert one.act("incident.declare", title="orders fail", severity="SEV2").ok
    one.leave()
    kept = sorted(p.name for p in (tmp_path / "state").iterdir())
    assert kept == [f"ballast.{os.geteuid()}", "incidents", "watch"]
    back = sitting()
    back.until(lambda s: s.incident is not None and s.incident.key == "INC-0001", "the room")
