"""Every painter, at every width, in every look: exactly the lines and cells that were asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment

from console.model.action import Tier
from console.model.alert import AlertState, Matcher, Silence
from console.model.incident import IncidentLine, Mark, Status, Tone
from console.model.rows import Rows
from console.model.runbook import StepState
from console.model.severity import Severity
from console.model.source import Health, SourceHealth
from console.text import clean
from tests.unit.widgets.made import NOW, alert, entry, group, metric, run, step
from widgets import alert_rows, checklist, marks, metric_rows, palette
from widgets.alert_rows import AlertRows
from widgets.checklist import StepRows
from widgets.group_rows import GroupRows
from widgets.incident_rows import IncidentRows
from widgets.metric_rows import MetricRows
from widgets.silence_rows import SilenceRows
from widgets.source_rows import SourceRows
from widgets.timeline import Days, TimelineRows

DAY = 86_400_000


def incident(key: str = "INC-0042", **changes: Any) -> IncidentLine:
    fields: dict[str, Any] = {
        "title": "payments failing", "severity": Severity.SEV1, "status": Status.INVESTIGATING, "ic": "ana",
        "declared_at": NOW - 1_394_000, "resolved_at": 0, "entries": 23, "unseen": 4,
    }  # fmt: skip
    return IncidentLine(key, **(fields | changes))


def silence(**changes: Any) -> Silence:
    fields: dict[str, Any] = {
        "matchers": (Matcher("service", "pay"), Matcher("env", "prod.*", is_regex=True)), "starts_at": NOW - 1000,
        "ends_at": NOW + 7_200_000, "created_by": "ana", "comment": "rolling back",
    }  # fmt: skip
    return Silence("s1", "am", **(fields | changes))


def source(health: Health = Health.OK, **changes: Any) -> SourceHealth:
    fields: dict[str, Any] = {"fresh_at": NOW - 1000, "latency_ms": 41, "serves": ("alerts",)}
    return SourceHealth("prometheus", "prometheus", health, **(fields | changes))


PAINTED: list[tuple[Any, list[Any]]] = [
    (GroupRows(), [group("a"), group("b", 4, firing=0), group("c", 3, muted=37, acked=5, root=""),
                   group("d", root="", services=(), clusters=(), joined=1234, firing=123_456)]),
    (AlertRows(), [alert("a"), alert("b", acked_by="ben"), alert("c", state=AlertState.RESOLVED),
                   alert("d", silenced_by=("x",)), alert("e", 5, "", inhibited=True, service="", host="", pod="p-1")]),
    (TimelineRows(), [entry(str(m), mark=m, result="640 ms", tone=t, late=True, detail=("call", "target"))
                      for m in Mark for t in Tone]),
    (MetricRows(), [metric(None), metric(None, error="no answer in 10 s"), metric((0.1, 0.2, None, 0.9), breached=True),
                    metric((0.1,) * 300, usual=0.1), metric((0.1, 0.9), onset_at=NOW - 9000), metric((None, None))]),
    (StepRows(), [step(n, s, t, result="exit 0", took_ms=1200, at=NOW - 34_000, output=("line",) * 9, undoable=True)
                  for n, s in enumerate(StepState, 1) for t in Tier]),
    (IncidentRows(), [*(incident(status=s) for s in Status), incident(severity=None, ic="", drill=True)]),
    (SilenceRows(), [silence(), silence(state="pending", starts_at=NOW + 1), silence(ends_at=NOW - 5)]),
    (SourceRows(), [*(source(h, failures=2, detail="no", retry_at=NOW + 9000) for h in Health), source(fresh_at=0)]),
]  # fmt: skip
CASES = [(painter, row) for painter, rows in PAINTED for row in rows]
LOOKS = [*palette.PALETTES.values()]


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def paint(painter: Any, row: Any, width: int, height: int = 1, **how: Any) -> list[str]:
    lines = painter.paint(row, width, height, **({"selected": False, "marked": False, "now": NOW} | how))
    assert len(lines) == height
    for segments in lines:
        assert sum(cell_len(segment.text) for segment in segments) == width, text_of(segments)
    return [text_of(segments) for segments in lines]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_row_fills_exactly_its_cells(look: palette.Palette, ascii_only: bool) -> None:
    palette.use(look)
    marks.use(ascii_only)
    for painter, row in CASES:
        for width in (1, 2, 5, 13, 21, 34, 41, 47, 58, 78, 101, 160, 238):
            for height in (1, 2, 3, 7):
                lines = paint(painter, row, width, height, selected=width % 2 == 0)
                assert not ascii_only or all(line.isascii() for line in lines)


@settings(max_examples=60)
@given(st.text(max_size=60), st.integers(1, 120))
def test_hostile_texts_do_not_shift_columns(text: str, width: int) -> None:
    said = clean(text)
    for painter, row in (
        (GroupRows(), group("a", title=said, root=said)),
        (AlertRows(), alert("a", summary=said, service=said, host=said, cluster=said, acked_by=said)),
        (TimelineRows(), entry("a", text=said, who=said, result=said)),
        (IncidentRows(), incident(title=said, ic=said)),
        (SilenceRows(), silence(comment=said, created_by=said)),
        (SourceRows(), source(detail=said)),
    ):
        paint(painter, row, width, 2)


def test_a_group_says_what_how_many_and_what_joined_then_root_spread_and_age() -> None:
    first, second = paint(GroupRows(), group("a", 1, "payments failing at checkout"), 56, 2)
    assert first == "▌ SEV1  payments failing at checkout             37 ▲12 "
    assert second == "▌       root pool exhausted             2 services   4 m"


def test_numbers_stand_in_one_column_whatever_stands_around_them() -> None:
    variants = [group("a"), group("b", joined=0), group("c", acked=9), group("d", 4, muted=37), group("e", 3, "x" * 90)]
    columns = {paint(GroupRows(), row, 70)[0].index("37", 30) for row in variants}
    assert len(columns) == 1


def test_states_of_groups_are_words() -> None:
    assert "resolved" in paint(GroupRows(), group("a", firing=0), 60)[0]
    assert "muted" in paint(GroupRows(), group("a", muted=37), 60)[0]
    assert "✓5" in paint(GroupRows(), group("a", acked=5), 60)[0]
    assert "3 muted" in paint(GroupRows(), group("a", muted=3), 60, 2)[1]


def test_columns_of_alerts_leave_least_important_first() -> None:
    seen = [alert_rows.columns(width) for width in range(20, 140)]
    for name in ("service", "acked", "host", "cluster"):
        shown = [bool(getattr(fits, name)) for fits in seen]
        assert shown == sorted(shown)
    first_shown = [
        next(i for i, fits in enumerate(seen) if getattr(fits, n)) for n in ("service", "acked", "host", "cluster")
    ]
    assert first_shown == sorted(first_shown)
    assert "warehouse" in paint(AlertRows(), alert("a"), 70)[0]
    assert "✓ ben" in paint(AlertRows(), alert("a", acked_by="ben"), 80)[0]
    assert "✓" in paint(AlertRows(), alert("a", acked_by="ben"), 40)[0]
    assert "silenced" in paint(AlertRows(), alert("a", silenced_by=("x",)), 80)[0]


def test_the_timeline_reads_like_a_scribe() -> None:
    painter = TimelineRows()
    assert paint(painter, entry("a", text="declared SEV1"), 40)[0].startswith("14:05:54  ana declared SEV1")
    done = paint(painter, entry("a", mark=Mark.ACTION, text="acknowledged", result="210 ms", tone=Tone.GOOD), 50)[0]
    assert done.startswith("14:05:54  → acknowledged")
    assert done.endswith("✓ 210 ms")
    assert "→ ana acknowledged" in paint(painter, entry("a", mark=Mark.ACTION, text="acknowledged"), 90)[0]
    assert "✗ refused" in paint(painter, entry("a", result="refused", tone=Tone.BAD), 50)[0]
    assert paint(painter, entry("a", late=True), 50)[0].startswith("14:05:54 ≈")
    assert paint(painter, entry("a", detail=("POST /x",)), 50, 2)[1].strip() == "POST /x"


def test_a_timeline_over_several_days_is_divided_by_date_and_shares_its_chunks() -> None:
    days = Days()
    rows = [entry(str(n), NOW - DAY + n * 6 * 3_600_000) for n in range(6)]
    one_day = Rows.of(rows[:2])
    assert [s.title for s in days.sections(one_day)] == [""]
    parts = days.sections(Rows.of(rows))
    assert [s.title for s in parts] == ["Sun 22 Nov 2026", "Mon 23 Nov 2026", "Tue 24 Nov 2026"][: len(parts)]
    assert [row.key for part in parts for row in part.rows] == [row.key for row in rows]
    chunk = tuple(rows[:2])
    for _ in range(2):
        assert days.sections(Rows([chunk]))[0].rows.chunks[0] is chunk
    assert days.sections(Rows()) == []


def test_a_run_shows_done_current_and_to_do() -> None:
    made = run(StepState.DONE, StepState.TODO, StepState.TODO)
    parts = checklist.sections(made)
    assert [(len(s.rows), s.height) for s in parts] == [(1, 1), (1, 3), (1, 1)]
    assert checklist.progress(made) == "1 of 3"
    first, what, back = paint(StepRows(), made.steps[1], 60, 3)
    assert first.startswith("▸")
    assert first.endswith("R2 r run")
    assert what.strip() == "kubectl rollout undo"
    assert back.strip() == "back with kubectl rollout undo 'deploy/a b'"
    assert [s.height for s in checklist.sections(run(StepState.DONE))] == [1]


def test_a_running_step_shows_how_long_and_the_end_of_its_output() -> None:
    running = step(1, StepState.RUNNING, at=NOW - 34_000, output=tuple(f"line {n}" for n in range(20)))
    painter = StepRows()
    lines = paint(painter, running, 60, 6)
    assert lines[0].endswith("running 00:00:34")
    assert [line.strip(" │") for line in lines[3:]] == ["line 17", "line 18", "line 19"]
    failed = paint(painter, step(1, StepState.FAILED, result="exit 1"), 60, 3)[0]
    assert failed.startswith("✗")
    assert failed.endswith("exit 1  r again")
    assert "outcome unknown" in paint(painter, step(1, StepState.UNKNOWN), 60, 3)[0]


def test_only_a_short_running_step_ticks_each_second() -> None:
    running = step(1, StepState.RUNNING)
    short = replace(running, step=replace(running.step, timeout_s=5.0))
    assert StepRows().ticks(short)
    assert not StepRows().ticks(running)
    assert not StepRows().ticks(replace(short, state=StepState.DONE))


def test_a_step_that_cannot_be_reversed_says_so() -> None:
    made = step(1, tier=Tier.R3)
    bare = replace(made, step=replace(made.step, undo=()))
    assert paint(StepRows(), bare, 60, 3)[2].strip() == "no way back"


def test_metrics_are_judged_in_words() -> None:
    painter = MetricRows()
    assert "since 14:02" in paint(painter, metric((0.1, 2.4), onset_at=NOW - 234_000, breached=True), 60)[0]
    assert "limit 0.5 s" in paint(painter, metric((0.1, 2.4), breached=True), 60)[0]
    assert "usual 0.1 s" in paint(painter, metric((0.1, 0.1), usual=0.1), 60)[0]
    assert "no answer" in paint(painter, metric(None, error="no answer"), 60)[0]
    assert "no data" in paint(painter, metric((None,)), 60)[0]
    assert "2.4 s" in paint(painter, metric((0.1, 2.4)), 30)[0]
    assert "!" in paint(painter, metric((0.1, 2.4), breached=True), 40)[0]


def test_the_axis_names_first_last_and_onset() -> None:
    curve = metric(tuple(map(float, range(90))), onset_at=NOW - 400_000)
    for width in (20, 57, 120, 200):
        axis = text_of(metric_rows.axis(curve, width))
        assert cell_len(axis) == width
    assert "13:50" in axis
    assert "14:05" in axis
    assert "◆ 13:59" in axis


def test_incidents_silences_and_sources_say_their_state() -> None:
    assert "no commander" in paint(IncidentRows(), incident(ic=""), 100)[0]
    assert "took 23 m 14" in paint(IncidentRows(), incident(resolved_at=NOW, status=Status.RESOLVED), 100)[0]
    first, second = paint(SilenceRows(), silence(), 80, 2)
    assert first.strip().startswith('service="pay" env=~"prod.*"')
    assert "1 h 59" in first or "2 h 00" in first
    assert second.strip().startswith("ana rolling back")
    assert "ended" in paint(SilenceRows(), silence(ends_at=NOW - 60_000), 80)[0]
    first, second = paint(
        SourceRows(), source(Health.FAILING, failures=3, detail="refused", retry_at=NOW + 9000), 80, 2
    )
    assert "failing" in first
    assert "refused, again in" in second
    assert "no answer yet" in paint(SourceRows(), source(fresh_at=0), 80)[0]
    assert "2 m old" in paint(SourceRows(), source(fresh_at=NOW - 125_000), 80)[0]
