"""What the panes of the war room list, and their zoomed screens too."""

from __future__ import annotations

from collections.abc import Sequence

from console.model.incident import TimelineRow
from console.model.metric import Metric
from console.model.rows import Rows
from console.model.snapshot import Snapshot
from widgets import line, marks, words
from widgets.line_list import Section
from widgets.metric_rows import MetricRows, axis
from widgets.timeline import Days


class RoomMetrics(MetricRows):
    """Metrics with the time axis of the first curve under them."""

    def __init__(self) -> None:
        self._first: Metric | None = None

    def take(self, metrics: Sequence[Metric]) -> None:
        """The axis is that of the curve with the earliest onset, else of the first."""
        curves = [m for m in metrics if m.curve is not None]
        self._first = min(curves, key=lambda m: m.onset_at or 1 << 62, default=None)

    def divide(self, title: str, width: int) -> line.Segments:
        """The axis."""
        return axis(self._first, width) if self._first is not None else line.lay(width, [])


def metric_sections(metrics: Sequence[Metric]) -> list[Section]:
    """All metrics, the axis under them."""
    if not metrics:
        return []
    return [Section("", Rows.of(metrics)), Section("axis", Rows())]


def timeline_sections(days: Days, rows: Rows[TimelineRow], since: int) -> list[Section]:
    """The timeline by days; what came after ``since`` (ms) stands under its own divider."""
    if not since:
        return days.sections(rows)
    before, after = split(rows, since)
    if not after:
        return days.sections(rows)
    return [*days.sections(before), Section(f"since you left at {words.minute(since)}", after)]


def split(rows: Rows[TimelineRow], since: int) -> tuple[Rows[TimelineRow], Rows[TimelineRow]]:
    """Rows up to and after a time; chunks that lie on one side are shared."""
    for number, chunk in enumerate(rows.chunks):
        if chunk[-1].at <= since:
            continue
        at = next(i for i, row in enumerate(chunk) if row.at > since)
        before = Rows([*rows.chunks[:number], chunk[:at]])
        return before, Rows([chunk[at:], *rows.chunks[number + 1 :]])
    return rows, Rows()


def timeline_note(snapshot: Snapshot) -> tuple[str, str]:
    """How much is written, and whether the chain holds."""
    journal, incident = snapshot.journal, snapshot.incident
    count = words.count(incident.entries if incident else journal.entries, "entry", "entries")
    if not journal.ok:
        return f"{count} · {journal.detail}", "sev1"
    mark = f"chained {marks.sign('done')}" if journal.verified else "chain not verified"
    return f"{count} {marks.sign('dot')} {mark}", "grey" if journal.verified else "wait"
