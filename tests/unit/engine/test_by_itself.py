"""The whole engine: anchors while nobody asks, none while it is held, and the last ones as it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.config import AnchorConfig, JournalConfig
from console.engine import feeds
from console.journal.anchor import Anchor, read_line
from console.journal.reading import read
from console.model.entry import Kind
from tests.unit.engine import fakes
from tests.unit.engine.fakes import WORLD
from tests.unit.engine.test_engine import Sitting


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


def anchors(file: Path) -> list[Anchor]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [anchor for line in lines if (anchor := read_line(line)) is not None]


def test_heads_are_anchored_by_who_is_on_duty_unless_it_is_held(
    sitting: Callable[..., Sitting], tmp_path: Path
) -> None:
    file = tmp_path / "anchors.log"
    one = sitting(journal=JournalConfig((AnchorConfig(file=str(file)),), every_entries=4))
    assert one.act("desk.hold", to="on", reason="freeze").ok
    snapshot = one.until(lambda s: s.held, "the hold")
    assert snapshot.held_by == "ana"
    assert one.act("incident.declare", title="x", severity="SEV2", command="yes").ok
    incident = one.until(lambda s: s.incident, "the room").incident
    assert incident is not None
    for number in range(5):
        assert one.act("incident.note", text=f"note {number}").ok
    one.until(lambda s: s.incident and s.incident.duty.who == "ana", "duty")
    assert anchors(file) == []
    assert not one.act("desk.hold", to="on").ok, "it is held already"
    assert one.act("desk.hold", to="off").ok
    one.until(lambda s: not s.held and s.incident and s.incident.anchored, "the anchor")
    assert {a.incident for a in anchors(file)} >= {incident.key}
    one.leave()
    folder = tmp_path / "state" / "incidents" / incident.key
    entries = list(read(folder))
    last = max((a for a in anchors(file) if a.incident == incident.key), key=lambda a: a.seq)
    assert next(e for e in entries if e.stamp.seq == last.seq).hash == last.head
    kinds = [e.kind for e in entries]
    assert kinds.count(Kind.DUTY_TAKEN) == 1
    assert kinds.count(Kind.DUTY_RELEASED) == 1
    assert not {Kind.NOTE_ADDED, Kind.STATUS_CHANGED} & set(kinds[last.seq :]), "nothing of weight stands behind it"
    assert kinds.count(Kind.HOLD_RELEASED) == 1


def test_a_hold_is_taken_back_with_undo(sitting: Callable[..., Sitting]) -> None:
    one = sitting()
    assert one.act("desk.hold").ok
    one.until(lambda s: s.held, "the hold")
    assert one.act("desk.undo").ok
    one.until(lambda s: not s.held, "let go")
    assert not one.act("desk.undo").ok, "there is nothing more to take back"


def test_no_log_daemon_is_a_note_and_no_alarm(
    sitting: Callable[..., Sitting], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("console.journal.syslog.DEV_LOG", tmp_path / "no-daemon")
    one = sitting(journal=JournalConfig((AnchorConfig(syslog="auth"),), every_entries=2))
    assert one.act("incident.declare", title="x", severity="SEV2").ok
    one.act("incident.note", text="a")
    one.act("incident.note", text="b")
    snapshot = one.until(lambda s: s.journal.note, "the note")
    assert "no log daemon" in snapshot.journal.note
    assert snapshot.journal.ok
    assert snapshot.notice == ""
