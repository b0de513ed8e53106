"""Header, footer, result line and pane: what they say at every width, and what they send."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from console.model.action import Intent, OperationState, Reply, Tier, Undo
from console.model.incident import Incident, IncidentLine, Operation, Status, Tone
from console.model.severity import Severity
from console.model.snapshot import Due
from console.model.source import Health, SourceHealth
from tests.unit.widgets.made import NOW
from tests.unit.widgets.stage import Stage, play, sent
from widgets import marks, words
from widgets.footer import Footer, fitting, key_label
from widgets.header import Header
from widgets.pane import Pane, source_parts
from widgets.result_line import ResultLine
from widgets.source_rows import old_data

QUEUED = Operation(Intent("o", "a", "w", "c", "t", Tier.R1), OperationState.QUEUED, NOW, "ana", "l")
DUE = (Due("g", "GDPR", NOW + 257_760_000), Due("u", "update", NOW + 406_000))


def incident(**changes: Any) -> Incident:
    fields: dict[str, Any] = {
        "title": "payments failing at checkout", "severity": Severity.SEV1, "status": Status.INVESTIGATING,
        "ic": "ana", "declared_at": NOW - 1_394_000, "operations": {"o": QUEUED},
    }  # fmt: skip
    return Incident("INC-0042", **(fields | changes))


def header_at(width: int, **facts: Any) -> str:
    header = Header()
    app = Stage(header)
    seen = []

    async def scene(pilot: Pilot[None]) -> None:
        header.show(now=NOW, **facts)
        await pilot.pause()
        seen.extend(app.lines()[:2])

    play(app, scene, size=(width, 5))
    return "\n".join(seen).rstrip()


def test_the_header_tells_all_at_120_columns() -> None:
    said = header_at(120, incident=incident(), due=DUE)
    assert said.startswith(" SEV1  INC-0042 payments failing at checkout  investigating 00:23:14 ")
    assert said.endswith("IC ana  update 06:46  GDPR 71 h 36  1 waiting")


def test_at_80_columns_the_title_is_cut_and_the_least_important_leaves() -> None:
    said = header_at(80, incident=incident(), due=DUE)
    assert said == " SEV1  INC-0042 payment…  investigating 00:23   IC ana  update 06:46  1 waiting"


def ill(
    name: str = "alertmanager", age_s: int = 250, health: Health = Health.FAILING, serves: str = "alerts"
) -> SourceHealth:
    return SourceHealth(name, "x", health, fresh_at=NOW - age_s * 1000, failures=9, serves=(serves,))


@pytest.mark.parametrize("width", [*range(40, 60), *range(60, 200, 7)])
def test_state_severity_elapsed_and_commander_are_there_at_every_width(width: int) -> None:
    overdue = (Due("l", "look up: silence 37 alerts", NOW - 130_000, overdue=True), *DUE)
    said = header_at(width, incident=incident(), due=overdue, sources=(ill(),))
    for word in ("SEV1", "investigating", "00:23", "ana"):
        assert word in said
    assert "alertmanager" in said or "1 source" in said or (width < 50 and "○" in said)


def test_a_dead_source_is_named_with_what_is_wrong_and_since_when() -> None:
    def said(width: int, *sources: SourceHealth) -> str:
        return header_at(width, incident=incident(title="db down"), due=(), sources=sources)

    fine = SourceHealth("prometheus", "x", Health.OK, fresh_at=NOW - 1000)
    assert "○ alertmanager: no data since " in said(120, ill(), fine)
    assert ", 4 m  IC ana" in said(120, ill(), fine)
    assert "○ alertmanager out 4 m  IC ana" in said(80, ill(), fine)
    assert "○ alertmanager no data 4 m +1" in said(104, ill("loki", 900, serves="logs"), ill(), fine)
    assert "login refused" in said(120, ill(health=Health.UNAUTHORISED))
    assert "◐ datadog: nothing since" in said(120, ill("datadog", health=Health.OK))
    assert "○ alertmanager no data yet" in said(120, replace(ill(), fresh_at=0))
    assert "prometheus" not in said(120, fine)
    assert "alertmanager" not in said(120, replace(ill(), fresh_at=NOW - 1000, failures=1))
    assert "alertmanager: no data" in header_at(110, operator="ana", sources=(ill(),))


@pytest.mark.parametrize("width", [1, 4, 20, 40, 60, 79])
def test_the_header_survives_narrow_terminals(width: int) -> None:
    said = header_at(width, incident=incident(), due=DUE, drill=True, read_only=True, held=True)
    assert all(len(line) <= width for line in said.split("\n"))


def test_the_header_says_what_must_not_be_overlooked() -> None:
    said = header_at(140, incident=incident(ic="", severity=None), drill=True, read_only=True, held=True)
    for word in (" DRILL ", " READ-ONLY ", " HELD ", " SEV? ", "no commander"):
        assert word in said
    held = header_at(140, incident=incident(), held=True, held_by="ben")
    assert held.startswith(" HELD by ben ")
    assert header_at(80, incident=incident(), held=True, held_by="ben").startswith(" HELD by ben   SEV1 ")
    overdue = (Due("l", "look up: silence 37 alerts", NOW - 130_000, overdue=True), *DUE)
    assert "look up: silence 37 alerts +02:10  update 06:46" in header_at(140, incident=incident(), due=overdue)
    assert (
        header_at(100, incident=incident(), notice="journal: disk full").split("\n")[1].strip() == "journal: disk full"
    )


def test_the_clock_stands_still_once_resolved() -> None:
    said = header_at(120, incident=incident(status=Status.RESOLVED, resolved_at=NOW - 600_000))
    assert "resolved 00:13:14" in said


def test_the_lobby_counts_open_incidents() -> None:
    def line(key: str, severity: int, status: Status = Status.INVESTIGATING) -> IncidentLine:
        return IncidentLine(key, "t", Severity(severity), status, "ana", NOW, 0, 1)

    lines = (line("a", 2), line("b", 1), line("c", 2), line("d", 1, Status.CLOSED))
    said = header_at(100, incidents=lines, operator="ana")
    assert said.startswith(" warroom  3 open incidents  SEV1 1  SEV2 2")
    assert said.endswith("ana")
    assert "no open incident" in header_at(100)


def test_a_second_costs_the_terminal_little_and_an_idle_header_nothing() -> None:
    header = Header()
    app = Stage(header)

    async def scene(pilot: Pilot[None]) -> None:
        header.show(incident=incident(), due=DUE, now=NOW)
        await sent(app, pilot)
        costs = []
        for second in range(1, 11):
            header.tick(NOW + second * 1000)
            costs.append(len((await sent(app, pilot)).encode()))
        assert 0 < max(costs) <= 400
        header.show(now=NOW)
        await sent(app, pilot)
        for second in range(1, 11):
            header.tick(NOW + second * 1000)
            assert await sent(app, pilot) == ""

    play(app, scene, size=(120, 40))


HINTS = [("a", "ack"), ("s", "silence"), ("⏎", "open"), ("n", "note")]
ALWAYS = [(":", "commands"), ("/", "filter"), ("?", "keys")]


def test_the_footer_keeps_what_is_always_there_and_as_many_others_as_fit() -> None:
    for width in range(0, 100):
        shown, kept = fitting(HINTS, ALWAYS, width)
        assert shown == HINTS[: len(shown)]
        assert kept == ALWAYS[len(ALWAYS) - len(kept) :]
        assert not shown or kept == ALWAYS
        size = sum(len(k) + len(v) + 3 for k, v in (*shown, *kept)) + 1 + bool(shown)
        assert size <= max(1, width)
    assert fitting(HINTS, ALWAYS, 100) == (HINTS, ALWAYS)


def test_the_footer_says_when_keys_are_left_out() -> None:
    footer = Footer()
    app = Stage(footer)

    async def scene(pilot: Pilot[None]) -> None:
        footer.show(HINTS, ALWAYS, more="more")
        await pilot.pause()
        assert app.lines()[0].endswith("? keys")
        await pilot.resize_terminal(50, 5)
        await pilot.pause()
        assert "note" not in app.lines()[0]
        assert app.lines()[0].endswith("? more")

    play(app, scene, size=(80, 5))


def test_the_footer_is_drawn_when_its_keys_change_and_only_then() -> None:
    footer = Footer()
    app = Stage(footer)

    async def scene(pilot: Pilot[None]) -> None:
        footer.show(HINTS, ALWAYS)
        await pilot.pause()
        assert app.lines()[0].startswith(" a ack  s silence  ⏎ open  n note   : commands  / filter  ? keys")
        app.take()
        footer.show(list(HINTS), list(ALWAYS))
        assert await sent(app, pilot) == ""
        footer.show(HINTS[:1], ALWAYS)
        assert "silence" not in await sent(app, pilot)
        assert app.lines()[0].startswith(" a ack   : commands")

    play(app, scene, size=(80, 5))


@pytest.mark.parametrize(
    ("key", "label"),
    [("question_mark", "?"), ("ctrl+k", "^k"), ("f5", "F5"), ("enter", "⏎"), ("shift+tab", "shift tab"), ("a,b", "a"),
     ("escape", "esc"), ("A", "A"), ("f", "f")],
)  # fmt: skip
def test_keys_are_written_as_people_know_them(key: str, label: str) -> None:
    assert key_label(key) == label


def test_the_result_line_says_what_came_of_it_and_the_way_on() -> None:
    result = ResultLine()
    app = Stage(result)

    async def scene(pilot: Pilot[None]) -> None:
        undo = Undo("silence.expire", {}, "expire the silence")
        result.show(Reply("r", True, "silenced 37 alerts", undo=undo))
        await pilot.pause()
        assert app.lines()[0].startswith(" ✓ silenced 37 alerts")
        assert app.lines()[0].endswith("u expire the silence")
        result.show(Reply("r", False, "alertmanager refused: 403", next="check the token in auth"))
        await pilot.pause()
        assert app.lines()[0].startswith(" ✗ alertmanager refused: 403")
        assert app.lines()[0].endswith("check the token in auth")
        result.say("copied", Tone.PLAIN)
        await pilot.pause()
        assert (app.lines()[0], result.text) == (" copied", "copied")
        result.clear()
        await pilot.pause()
        assert app.lines()[0] == ""

    play(app, scene, size=(80, 5))


def source(name: str, age_s: float = 1, health: Health = Health.OK) -> SourceHealth:
    return SourceHealth(name, "x", health, fresh_at=NOW - int(age_s * 1000))


def test_a_pane_says_what_how_much_where_from_and_how_old() -> None:
    pane = Pane("Alerts")
    app = Stage(pane)

    async def scene(pilot: Pilot[None]) -> None:
        pane.show_title("Alerts [b]", "3 groups of 59")
        pane.show_sources([source("alertmanager"), source("datadog", 125)], NOW)
        await pilot.pause()
        lines = app.lines()
        assert lines[0].startswith("╭─ Alerts [b]  3 groups of 59 ──")
        assert lines[0].endswith("╮")
        assert lines[-1].endswith("─ datadog ◐ 2 m old  alertmanager ● ─╯")
        assert all(line.startswith("│") and line.endswith("│") for line in lines[1:-1])
        app.take()
        pane.tick(NOW + 1000)
        assert await sent(app, pilot) == ""
        pane.tick(NOW + 60_000)
        cost = await sent(app, pilot)
        assert "3 m old" in cost
        assert len(cost.encode()) < 500
        pane.show_note("23 entries")
        await pilot.pause()
        assert app.lines()[-1].endswith("─ 23 entries ─╯")

    play(app, scene)


def test_what_a_decision_on_old_data_has_to_know() -> None:
    assert old_data([source("prometheus")], NOW) == ""
    assert old_data([ill(), source("x")], NOW) == "from 4 m ago: alertmanager does not answer"
    assert "none yet: a refuses our login" in old_data([replace(ill("a", health=Health.UNAUTHORISED), fresh_at=0)], NOW)


def test_a_pane_whose_data_is_old_says_as_of_when_and_turns_yellow() -> None:
    pane = Pane("Alerts")
    app = Stage(pane)

    async def scene(pilot: Pilot[None]) -> None:
        pane.show_title("Alerts", "3 groups of 59")
        pane.show_sources([source("alertmanager"), ill("datadog", 125)], NOW)
        await pilot.pause()
        lines = app.lines()
        assert lines[0].startswith("╭─ Alerts  3 groups of 59 ──")
        assert lines[-1].endswith("─ datadog ○ no data 2 m  alertmanager ● ─╯")
        app.take()
        pane.show_sources([source("alertmanager", 200)], NOW)
        assert "38;2;242;201;76" in await sent(app, pilot)
        assert app.lines()[0].startswith(f"╭─ Alerts  3 groups of 59  as of {words.minute(NOW - 200_000)} ──")
        pane.show_sources([source("alertmanager")], NOW)
        await pilot.pause()
        assert app.lines()[0].startswith("╭─ Alerts  3 groups of 59 ──")
        for second in (8, 12, 16):
            pane.tick(NOW + second * 1000)
        await pilot.pause()
        assert "as of" in app.lines()[0]

    play(app, scene, size=(70, 6))


def test_a_pane_shows_focus_in_its_frame_and_redraws_nothing_within() -> None:
    field = Input()
    pane = Pane("Filter")
    pane.compose_add_child(field)
    app = Stage(pane)

    async def scene(pilot: Pilot[None]) -> None:
        app.screen.set_focus(None)
        await pilot.pause()
        before = app.screen._compositor.render_strips()[0]
        field.focus()
        await pilot.pause()
        after = app.screen._compositor.render_strips()[0]
        assert before.text == after.text
        assert before != after

    play(app, scene)


@pytest.mark.parametrize("room", range(0, 90, 3))
def test_sources_fit_their_room_and_none_is_forgotten(room: int) -> None:
    sources = [
        source("alertmanager"),
        source("pagerduty", 3),
        source("prometheus", health=Health.FAILING),
        source("datadog", 125),
    ]
    parts = source_parts(sources, NOW, room)
    text = "".join(said for said, _ in parts)
    shown = sum(s.name in text for s in sources)
    more = int(text.rsplit("+", 1)[1].split()[0]) if "+" in text else 0
    assert shown + more == len(sources)
    assert len(text) <= max(room, len("+4 more"))
    if shown == 1:
        assert "prometheus ○ failing" in text


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (9, 4), (20, 3)])
def test_a_pane_survives_any_size(size: tuple[int, int]) -> None:
    pane = Pane("A rather long title")
    app = Stage(pane)

    async def scene(pilot: Pilot[None]) -> None:
        pane.show_title("A rather long title", "and an amount")
        pane.show_sources([source("alertmanager", 125)], NOW)
        await pilot.pause()
        assert all(len(line) <= size[0] for line in app.lines())

    play(app, scene, size=size)


def test_an_ascii_pane() -> None:
    pane = Pane("Alerts")
    app = Stage(pane, environ={"LANG": "C"})
    assert marks.ascii_only()

    async def scene(pilot: Pilot[None]) -> None:
        pane.show_sources([source("datadog", 125)], NOW)
        await pilot.pause()
        assert app.lines()[0].startswith(f"+- Alerts  as of {words.minute(NOW - 125_000)} -")
        assert all(line.isascii() for line in app.lines())

    play(app, scene)
