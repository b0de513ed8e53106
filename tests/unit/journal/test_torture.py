"""The torture in its short form, in a process without threads; and that its judge would notice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.journal import frame
from console.journal.frame import Frame
from tests.torture.__main__ import SCENARIOS
from tests.torture.judge import Judge
from tests.torture.tally import Tally
from tests.torture.writers import draft, reopened

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tallies() -> dict[str, dict[str, Any]]:
    """What each scenario came to."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", "--short"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "\n{" in done.stdout, done.stdout + done.stderr
    out: dict[str, Any] = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert done.returncode == int(out["wrong"])
    return dict(out["scenarios"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_short(name: str, tallies: dict[str, dict[str, Any]]) -> None:
    tally = tallies[name]
    assert (tally["lost"], tally["strange"], tally["faults"]) == (0, 0, [])
    if tally["skipped"]:
        pytest.skip(tally["skipped"])
    assert tally["trials"] > 0
    assert tally["acknowledged"] > 0


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    """An account of six entries in three transactions, all of them there."""
    judge = Judge(tmp_path / "INC-0001", Tally("a"))
    lane = reopened(judge.folder)
    for number in (0, 2, 4):
        judge.ask("a", [number, number + 1])
        (result,) = lane.append([[draft("a", number), draft("a", number + 1)]])
        assert not isinstance(result, Exception)
        judge.hear("a", [entry.id for entry in result], [number, number + 1])
    lane.close()
    judge.look()
    assert not judge.tally.bad
    yield judge
    assert judge.tally.bad


def lane_of(judge: Judge) -> Path:
    (path,) = judge.folder.glob("*.lane")
    return path


def test_a_lane_that_was_cut_is_noticed(judge: Judge) -> None:
    path = lane_of(judge)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    judge.look()
    assert (judge.tally.lost, judge.tally.strange) == (2, 0)


def test_an_entry_that_says_something_else_is_noticed(judge: Judge) -> None:
    lines = lane_of(judge).read_bytes().splitlines(keepends=True)
    last = frame.parse(lines[-1], 0)
    before = frame.parse(lines[-2], 0)
    assert isinstance(last, Frame)
    assert isinstance(before, Frame)
    parts = [(sealed.header, sealed.salted.replace(b"orders-db", b"orders-DB")) for sealed in last.entries]
    lane_of(judge).write_bytes(b"".join(lines[:-1]) + frame.seal(before.head, parts)[0])
    judge.look()
    assert judge.tally.lost > 0
    assert judge.tally.strange > 0


def test_an_entry_that_nobody_asked_for_is_noticed(judge: Judge) -> None:
    lane = reopened(judge.folder)
    lane.append([[draft("b", 7)]])
    lane.close()
    judge.look()
    assert (judge.tally.lost, judge.tally.strange) == (0, 1)


def test_an_entry_that_was_written_twice_is_noticed(judge: Judge) -> None:
    lane = reopened(judge.folder)
    lane.append([[draft("a", 4), draft("a", 5)]])
    lane.close()
    judge.look()
    assert (judge.tally.lost, judge.tally.strange) == (0, 2)


def test_a_torn_end_that_nobody_recovered_is_noticed(judge: Judge) -> None:
    with lane_of(judge).open("ab") as file:
        file.write(b"0000")
    judge.look(clean=False)
    assert not judge.tally.bad
    judge.look()
    assert "is torn" in judge.tally.faults[0]
