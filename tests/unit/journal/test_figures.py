"""The bench of the journal in its short form: it runs, what it wrote is there, and what is asked of it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import journal
from tests.bench.journal_parts import Row

ASKED = {
    "append, journal p50, of raw",
    "append, journal p99, of raw",
    "append, journal p50, of sqlite",
    "append, lane of 10,000, not synced, processor time, ms",
    "append, lane of 10,000, processor time, of one of 1,000",
    "load and verify 11,001, of SQLite and its documents' json",
    "open 11,001 with a cache, usable, s",
    "throughput, four journals, of one locked file",
    "tail, told, p99 from return, ms",
    "tail, told, p99 from start, ms",
    "idle, ten lanes, told, % of a core",
}


@pytest.mark.slow
def test_every_figure_that_is_asked_for_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_BENCH", str(tmp_path))
    rows = journal.measure(short=True)["rows"]
    assert isinstance(rows, list)
    assert {row["what"] for row in rows if "asked" in row} == ASKED
    assert all(row["found"] > 0 for row in rows if "from return" not in row["what"])
    assert not list(tmp_path.iterdir())


def test_a_row_says_whether_it_is_as_asked() -> None:
    assert [Row("", found, 1.4).met for found in (1.39, 1.4, 1.41)] == [True, True, False]
    assert [Row("", found, 2.0, least=True).met for found in (1.99, 2.0)] == [False, True]
    assert Row("", 3.0).met is None


def test_the_table_names_what_is_not_met() -> None:
    told = journal.table([Row("late", 3.0, 2.0), Row("early", 1.0, 2.0), Row("told", 9.0)]).splitlines()
    assert [line.split()[1:] for line in told] == [["3", "<=", "2", "NOT", "MET"], ["1", "<=", "2", "met"], ["9"]]
