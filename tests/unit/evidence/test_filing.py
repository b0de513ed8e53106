"""Filing: whole, redacted, numbered once, told with all that an examiner asks for; then read again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import pytest

from console.desk.policy import Policy
from console.journal.blobs import Blobs
from console.model.alert import Alert, AlertState
from console.model.entry import Kind
from console.model.evidence import ItemState, ItemType
from console.model.severity import Severity
from console.ports import Answer, Captured, CommandResult
from tests.unit.evidence.staff import SECRET, Station

NOW = 1_795_442_759_000


@pytest.fixture
def scene(tmp_path: Path) -> Callable[[Callable[[Station], Awaitable[None]]], None]:
    def play(act: Callable[[Station], Awaitable[None]]) -> None:
        async def run() -> None:
            async with Station(tmp_path) as station:
                await act(station)

        asyncio.run(run())

    return play


def captured(*lines: str, dropped: int = 0) -> Captured:
    result = CommandResult(0, lines, dropped, 1200, digest=sha256(b"raw").hexdigest())
    return Captured(("df", "-h", f"--token={SECRET}"), result, NOW - 1200, NOW)


def test_the_whole_output_of_a_step_is_filed_without_its_secrets(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step("the last line")
        station.captured["op-1"] = captured(*(f"line {n}" for n in range(300)), f"password: {SECRET}")
        reply = await station.do("evidence.file", step="disk")
        assert reply.ok, reply
        [item] = station.items
        assert reply.text.startswith("filed E-0001: output of step 1: look at the disk, ")
        assert f"sha256 {item.digest[:12]}…" in reply.text
        text = station.content(item)
        assert text.startswith("line 0\nline 1\n")
        assert text.endswith("line 299\npassword: [redacted]\n")
        assert sha256(text.encode()).hexdigest() == item.digest == item.blobs[0]
        assert (item.id, item.type, item.state) == ("E-0001", ItemType.LOG, ItemState.HASHED)
        assert item.command == ("df", "-h", "--token=[redacted]")
        assert (item.source_system, item.source_identifier, item.method) == ("bastion-1", "op-1", "live")
        assert (item.collected_by, item.collected_at, item.size) == ("ana", NOW, len(text))
        assert [line.kind for line in item.chain] == ["evidence.collected", "evidence.hashed"]
        assert (item.chain[0].received_by, item.flaws) == ("ana", ())

    scene(act)


def test_the_entry_says_how_the_command_ended_when_and_of_which_step(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step()
        station.captured["op-1"] = captured("x", dropped=12_345)
        assert (await station.do("evidence.file", step="disk", run="run-1")).ok
        [entry] = [e for e in station.rooms.journal(station.incident).entries() if e.kind is Kind.EVIDENCE_COLLECTED]  # type: ignore[union-attr]
        assert entry.refs == (station.incident, "run-1", "disk")
        assert (entry.body["exit"], entry.body["began_at"], entry.body["collected_at"]) == (0, NOW - 1200, NOW)
        assert entry.body["outputs"] == {"output": sha256(b"raw").hexdigest()}
        assert "12,345 before them were not kept" in str(entry.body["notes"])
        assert entry.body["tool"] == "warroom 0.1.0"

    scene(act)


def test_what_ran_elsewhere_is_filed_as_the_journal_holds_it_and_says_so(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step("/dev/vda 98%")
        assert (await station.do("evidence.file", step="disk")).ok
        [item] = station.items
        assert station.content(item) == "/dev/vda 98%\n"
        assert (item.source_system, item.method) == ("journal", "export")
        assert "did not run in this console" in item.notes

    scene(act)


def test_a_running_step_and_one_without_output_are_refused(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step(ended=False)
        assert "is running" in (await station.do("evidence.file", step="disk")).text
        assert "no step 'disc'" in (await station.do("evidence.file", step="disc")).text
        assert station.items == []
        assert not Blobs(station.rooms.folder(station.incident)).names()

    scene(act)


def alert(key: str = "am/f1", **labels: str) -> Alert:
    named = {"alertname": "Down", "service": "pay", **labels}
    return Alert(key, "am", key.partition("/")[2], "Down", "pay is down", Severity.SEV1, AlertState.FIRING, NOW,
                 service="pay", labels=named)  # fmt: skip


def answer(body: bytes | None, address: str = "/api/v2/alerts", size: int = 0) -> Answer:
    return Answer("GET", address, 200, NOW, size or len(body or b""), body)


def test_an_alert_is_filed_as_shown_beside_what_its_source_sent(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        station.known.alerts = {a.key: a for a in (alert(), alert("am/f2", host="h2"))}
        raw = [{"fingerprint": "f1", "labels": {"x": "y"}, "odd": {"api_key": SECRET}}]
        station.answers["am"] = [answer(b"no json", "/api/v2/silences"), answer(json.dumps(raw).encode())]
        assert (await station.do("evidence.file", keys=["am/f1"])).ok
        assert (await station.do("evidence.file", keys=["am/f1", "am/f2", "am/gone"])).ok
        first, second = station.items
        assert (first.title, first.source_identifier, second.source_identifier) == (
            "alert pay Down", "am/f1", "2 alerts",
        )  # fmt: skip
        told = json.loads(station.content(first))["alerts"]
        assert told[0]["as_received"] == {"fingerprint": "f1", "labels": {"x": "y"}, "odd": {"api_key": "[redacted]"}}
        assert (told[0]["received_at"], told[0]["as_shown"]["labels"]["service"]) == (NOW, "pay")
        both = json.loads(station.content(second))["alerts"]
        assert [one["as_received"] is None for one in both] == [False, True]

    scene(act)


def test_a_prometheus_alert_is_found_by_its_labels(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        station.known.alerts = {"am/f1": alert()}
        raw = {"status": "success", "data": {"alerts": [{"labels": dict(alert().labels), "value": "1e+00"}]}}
        station.answers["am"] = [answer(json.dumps(raw).encode(), "/api/v1/alerts")]
        await station.do("evidence.file", keys=["am/f1"])
        [one] = json.loads(station.content(station.items[0]))["alerts"]
        assert one["as_received"]["value"] == "1e+00"

    scene(act)


def test_the_last_answers_of_a_source_are_filed_as_they_came(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        assert "has not answered yet" in (await station.do("evidence.file", source="am")).text
        station.answers["am"] = [
            answer(None, "/api/v2/alerts", 41_000_000),
            answer(b'[{"id": "s1"}]', "/api/v2/silences"),
        ]
        reply = await station.do("evidence.file", source="am")
        assert reply.ok, reply
        [item] = station.items
        told = json.loads(station.content(item))
        assert [(one["bytes"], one.get("body")) for one in told["answers"]] == [
            (41_000_000, None), (14, '[{"id": "s1"}]'),
        ]  # fmt: skip
        assert told["answers"][1]["sha256_as_received"] == sha256(b'[{"id": "s1"}]').hexdigest()
        assert item.notes == "not kept, being over 1 MB: the body of 1 answer"
        assert "no source" in (await station.do("evidence.file", source="nope")).text

    scene(act)


def test_the_same_content_twice_is_one_item(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        station.known.alerts = {"am/f1": alert()}
        one, other = await asyncio.gather(*(station.do("evidence.file", keys=["am/f1"]) for _ in range(2)))
        assert (one.ok, other.ok, len(station.items)) == (True, True, 1)
        assert "filed already: E-0001" in other.text

    scene(act)


def test_without_an_incident_nothing_is_filed(tmp_path: Path) -> None:
    async def run() -> None:
        async with Station(tmp_path) as station:
            station.incident = ""
            reply = await station.do("evidence.file", source="am")
            assert (reply.ok, "belongs to one" in reply.text) == (False, True)

    asyncio.run(run())


def test_two_consoles_never_give_one_number_twice(tmp_path: Path) -> None:
    async def run() -> None:
        async with Station(tmp_path) as one, Station(tmp_path, ids=1000) as two:
            two.incident = one.incident
            await two.rooms.open(one.incident)
            for station in (one, two):
                station.known.alerts = {"am/f1": alert(seen=str(id(station)))}
            replies = await asyncio.gather(*(s.do("evidence.file", keys=["am/f1"]) for s in (one, two)))
            assert all(reply.ok for reply in replies), replies
            await one.rooms.tail()
            assert [i.id for i in sorted(one.items, key=lambda i: i.id)] == ["E-0001", "E-0002"]
            assert not one.state.evidence.flaws

    asyncio.run(run())


# Reading again


def test_reading_compares_the_hash_and_is_part_of_the_custody_once_in_a_while(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step("a \x1b[31mred\u202e line", "second")
        await station.do("evidence.file", step="disk")
        for who in ("ben", "ben", "ana"):
            reply = await station.do("evidence.show", who, item="E-0001")
            assert reply.ok, reply
            assert "\x1b" not in repr(reply.data["lines"])
            assert len(reply.data["lines"]) == 2  # type: ignore[arg-type]
            assert str(reply.data["path"]).endswith(station.items[0].digest)
        [item] = station.items
        assert [(c.kind, c.by) for c in item.chain[2:]] == [("evidence.verified", "ben"), ("evidence.verified", "ana")]
        assert not item.tainted

    scene(act)


def test_a_content_that_was_changed_is_told_and_not_shown(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step("true")
        await station.do("evidence.file", step="disk")
        path = station.rooms.folder(station.incident) / "blobs" / station.items[0].digest
        path.chmod(0o600)
        path.write_text("forged\n")
        for _ in range(2):
            reply = await station.do("evidence.show", item="E-0001")
            assert (reply.ok, "is not what was collected" in reply.text) == (False, True)
        [item] = station.items
        assert item.tainted
        assert [str(flaw.code) for flaw in item.flaws] == ["mismatch"]

    scene(act)


def test_a_long_content_is_shown_in_part_and_says_where_the_rest_is(scene) -> None:  # type: ignore[no-untyped-def]
    async def act(station: Station) -> None:
        await station.run_step()
        station.captured["op-1"] = captured(*(f"line {n}" for n in range(4000)))
        await station.do("evidence.file", step="disk")
        reply = await station.do("evidence.show", item="E-0001")
        assert (len(reply.data["lines"]), reply.data["more"]) == (1500, 2500)  # type: ignore[arg-type]
        assert "4000 lines" in reply.text
        assert "no evidence 'E-9'" in (await station.do("evidence.show", item="E-9")).text

    scene(act)


def test_a_console_that_only_reads_shows_but_neither_files_nor_writes(tmp_path: Path) -> None:
    async def run() -> None:
        async with Station(tmp_path) as station:
            await station.run_step("true")
            await station.do("evidence.file", step="disk")
            station.desk.policy = Policy(read_only=True)
            assert (await station.do("evidence.show", item="E-0001")).ok
            assert len(station.items[0].chain) == 2
            assert not (await station.do("evidence.file", step="disk")).ok

    asyncio.run(run())


def test_a_single_command_files_what_the_journal_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``warroom do evidence.file --arg step=disk --arg incident=INC-0001``"""
    from console.config import Config
    from console.engine.oneshot import perform
    from console.model.action import Action
    from console.model.entry import Actor

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("WARROOM_STATE", raising=False)

    async def run() -> None:
        async with Station(tmp_path) as station:
            await station.run_step("/dev/vda 98%")
            key = station.incident
            action = Action("r", "evidence.file", {"step": "disk", "incident": key}, Actor("ben"))
            reply = await perform(Config(folder=str(tmp_path)), action)
            assert reply.ok, reply
            await station.rooms.tail()
            [item] = station.items
            assert (item.id, item.collected_by, station.content(item)) == ("E-0001", "ben", "/dev/vda 98%\n")
            shown = await perform(
                Config(folder=str(tmp_path)),
                Action("r", "evidence.show", {"item": "E-0001", "incident": key}, Actor("ben")),
            )
            assert shown.data["lines"] == ["/dev/vda 98%"]

    asyncio.run(run())
