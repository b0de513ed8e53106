"""The look of the widgets together, compared with pictures that were looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot

from console.model.incident import Incident, Mark, Status, Tone
from console.model.rows import Rows
from console.model.runbook import StepState
from console.model.severity import Severity
from console.model.snapshot import Due
from console.model.source import Health, SourceHealth
from tests.unit.widgets.made import NOW, entry, group, metric, run
from tests.unit.widgets.stage import ENVIRON, Stage
from widgets import checklist, marks, palette, words
from widgets.checklist import StepRows
from widgets.footer import Footer
from widgets.group_rows import GroupRows
from widgets.header import Header
from widgets.line_list import LineList, Section
from widgets.metric_rows import MetricRows
from widgets.pane import Pane
from widgets.timeline import TimelineRows


@pytest.fixture(autouse=True)
def _look(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    words.use_zone(UTC)
    yield
    words.use_zone(None)
    marks.use(False)
    palette.use(palette.WARROOM)


class Gallery(Stage):
    """Four panes, a header and a footer, as a war room has them."""

    CSS = ".pair { height: 1fr; layout: horizontal; }"

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal(classes="pair"):
            with Pane("Alerts"):
                yield LineList(GroupRows(), id="groups")
            with Pane("Timeline"):
                yield LineList(TimelineRows(), follow=True, id="timeline")
        with Horizontal(classes="pair"):
            with Pane("Metrics"):
                yield LineList(MetricRows(), id="metrics")
            with Pane("Runbook"):
                yield LineList(StepRows(), id="steps")
        yield Footer()


async def fill(pilot: Pilot[Any]) -> None:
    app = pilot.app
    states = Incident(
        "INC-0042", "payments failing at checkout", Severity.SEV1, None, Status.INVESTIGATING, ic="ana",
        declared_at=NOW - 1_394_000,
    )  # fmt: skip
    app.query_one(Header).show(incident=states, due=(Due("u", "update", NOW + 406_000),), now=NOW)
    groups = app.query_one("#groups", LineList)
    major = Rows.of([group("a", 1, "payments failing"), group("b", 2, "disk filling", acked=12, joined=0)])
    minor = Rows.of(
        [group("c", 3, "search latency, eu only", joined=0), group("d", 4, "certificate expires", muted=37)]
    )
    loose = Rows.of([group("e", 4, "host 日本語 steals cpu", firing=1, joined=0)])
    groups.show([Section("", major, 2), Section("", minor), Section("unattributed", loose)], NOW)
    groups.mark_all(["c"])
    groups.focus()
    said = (
        (Mark.PERSON, "hypothesis: pool leak", "open", Tone.PLAIN),
        (Mark.ACTION, "page acknowledged", "210 ms", Tone.GOOD),
        (Mark.FACT, "onset, p99 0.3 to 2.4 s", "", Tone.PLAIN),
        (Mark.ALERT, "5 alerts joined", "", Tone.PLAIN),
        (Mark.CHANGE, "deploy checkout v812", "", Tone.PLAIN),
        (Mark.ACTION, "status page posted", "waiting, 503", Tone.WAIT),
        (Mark.ACTION, "silence 37 alerts", "refused", Tone.BAD),
        (Mark.SYSTEM, "console attached", "", Tone.PLAIN),
        (Mark.CONFLICT, "two commanders: ana, cleo", "", Tone.PLAIN),
    )
    entries = [
        entry(f"e{n}", NOW + n * 1000, mark, text, result=result, tone=tone)
        for n, (mark, text, result, tone) in enumerate(said)
    ]
    app.query_one("#timeline", LineList).show([Section("", Rows.of(entries))], NOW)
    rise = metric((*[0.3] * 30, *[2.4] * 20), breached=True, onset_at=NOW - 360_000)
    calm = metric((0.1, 0.2) * 20, usual=0.15)
    app.query_one("#metrics", LineList).show([Section("", Rows.of([rise, calm, metric(None, error="no answer")]))], NOW)
    made = run(StepState.DONE, StepState.SKIPPED, StepState.TODO, StepState.TODO)
    app.query_one("#steps", LineList).show(checklist.sections(made), NOW)
    panes = list(app.query(Pane))
    panes[0].show_title("Alerts", "5 groups of 59")
    panes[0].show_sources(
        [
            SourceHealth("alertmanager", "x", Health.OK, fresh_at=NOW),
            SourceHealth("datadog", "x", Health.SLOW, fresh_at=NOW - 125_000),
        ],
        NOW,
    )
    panes[3].show_note(checklist.progress(made))
    app.query_one(Footer).show([("a", "ack"), ("s", "silence")], [(":", "commands"), ("?", "keys")])
    await pilot.pause()


@pytest.mark.parametrize("theme", ["warroom", "warroom-ansi", "warroom-contrast"])
def test_the_look(theme: str, snap_compare: Any) -> None:
    assert snap_compare(Gallery(theme=theme), terminal_size=(120, 28), run_before=fill)


def test_the_look_in_ascii(snap_compare: Any) -> None:
    assert snap_compare(Gallery(environ={"LANG": "C"}), terminal_size=(100, 28), run_before=fill)


def test_the_look_at_80_columns(snap_compare: Any) -> None:
    assert snap_compare(Gallery(environ=ENVIRON), terminal_size=(80, 24), run_before=fill)
