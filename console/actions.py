"""The action table: every key, palette line and ``warroom do`` verb, with its risk.

Bindings, footer, palette, help, keymap validation, the command line and the read-only policy are all read from here.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.model.action import Tier


class Scope(StrEnum):
    """Where a key works."""

    EVERYWHERE = "everywhere"
    LOBBY = "lobby"
    ROOM = "room"
    """The war room, whichever pane has the focus."""
    ALERTS = "alerts"
    """A list of groups or alerts."""
    TIMELINE = "timeline"
    METRICS = "metrics"
    RUNBOOK = "runbook"
    SILENCES = "silences"
    SOURCES = "sources"
    OUTBOX = "outbox"
    """Effects that wait, of which nobody knows, or that failed."""
    EVIDENCE = "evidence"


class ArgType(StrEnum):
    """What an argument is; decides the form's field and how the command line parses it."""

    TEXT = "text"
    KEYS = "keys"
    """Alert keys."""
    DURATION = "duration"
    """``90s``, ``15m``, ``2h``; at most 30 d."""
    CHOICE = "choice"
    PARAMS = "params"
    """``name=value`` pairs."""
    PICTURE = "picture"
    """An SVG picture of the screen."""


class Arg(Struct, frozen=True):
    """One argument of an action."""

    name: str
    type: ArgType = ArgType.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""


class ActionSpec(Struct, frozen=True):
    """One line of the table."""

    id: str
    verb: str
    """What the footer says: ``ack``."""
    keys: tuple[str, ...]
    """Textual key names; plain, ctrl and function keys only."""
    scope: Scope
    tier: Tier
    help: str
    """One sentence."""
    args: tuple[Arg, ...] = ()
    screen: bool = False
    """Served by the screen itself (moves, opens, filters): nothing reaches the engine."""
    footer: int = 0
    """Rank in the footer, 1 first; 0 = not there."""


_SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4", "SEV5")
_STATES = ("investigating", "identified", "monitoring", "resolved", "postmortem", "false_positive", "closed")


def _screen(id: str, verb: str, keys: str, scope: Scope, help: str, footer: int = 0) -> ActionSpec:
    return ActionSpec(id, verb, tuple(keys.split()), scope, Tier.R0, help, screen=True, footer=footer)


ACTIONS: tuple[ActionSpec, ...] = (
    _screen("ui.help", "keys", "question_mark f1", Scope.EVERYWHERE, "Show every key that works here.", 99),
    _screen("ui.palette", "commands", "colon", Scope.EVERYWHERE, "Find any command by its words.", 97),
    _screen("ui.back", "back", "escape", Scope.EVERYWHERE, "Leave this screen, selection or filter."),
    _screen(
        "ui.quit", "quit", "ctrl+q", Scope.EVERYWHERE, "Leave the console; the response goes on if steps are running."
    ),
    _screen("ui.utc", "UTC", "f2", Scope.EVERYWHERE, "Switch times between your zone and UTC."),
    _screen("ui.copy", "copy", "c", Scope.EVERYWHERE, "Copy the row under the cursor to your terminal's clipboard."),
    _screen("ui.filter", "filter", "slash", Scope.ALERTS, "Filter alerts by words or by label=value.", 98),
    _screen("ui.select", "select", "space", Scope.ALERTS, "Mark this row; actions then apply to all marked rows.", 8),
    _screen("ui.select_all", "select all", "asterisk", Scope.ALERTS, "Mark every row that the filter lets through."),
    _screen("ui.why", "why", "w", Scope.ALERTS, "Show why these alerts stand together.", 5),
    _screen("ui.open", "open", "enter", Scope.EVERYWHERE, "Open what is under the cursor; never changes anything.", 6),
    _screen("ui.zoom", "zoom", "z", Scope.ROOM, "Show this pane on the whole screen."),
    _screen("ui.pane_1", "alerts", "1", Scope.ROOM, "Go to the alerts."),
    _screen("ui.pane_2", "timeline", "2", Scope.ROOM, "Go to the timeline."),
    _screen("ui.pane_3", "metrics", "3", Scope.ROOM, "Go to the metrics."),
    _screen("ui.pane_4", "runbook", "4", Scope.ROOM, "Go to the runbook."),
    _screen("ui.next_pane", "next pane", "tab", Scope.ROOM, "Go to the next pane."),
    _screen("ui.previous_pane", "previous pane", "shift+tab", Scope.ROOM, "Go to the pane before."),
    _screen("ui.lobby", "lobby", "f3", Scope.EVERYWHERE, "Go to the lobby: all incidents."),
    _screen("ui.silences", "silences", "f4", Scope.EVERYWHERE, "Show the silences in force."),
    _screen("ui.sources", "sources", "f5", Scope.EVERYWHERE, "Show each source's health, targets and rules."),
    _screen("ui.outbox", "outbox", "f6", Scope.EVERYWHERE, "Show what waits to be sent, is unknown or failed."),
    _screen(
        "ui.evidence", "evidence", "f7", Scope.EVERYWHERE, "Show the incident's evidence: what, whose, its custody."
    ),
    _screen("ui.login", "log in", "l", Scope.SOURCES, "Run a source's login command in this terminal.", 1),
    ActionSpec(
        "source.ask",
        "ask now",
        ("a",),
        Scope.SOURCES,
        Tier.R0,
        "Ask a source at once, however long it was to be left alone; secrets are looked up anew.",
        (Arg("source", required=True, help="a source's name"),),
        footer=2,
    ),
    _screen("ui.wider", "wider", "plus", Scope.METRICS, "Show a longer time."),
    _screen("ui.narrower", "narrower", "minus", Scope.METRICS, "Show a shorter time."),
    ActionSpec(
        "alert.ack",
        "ack",
        ("a",),
        Scope.ALERTS,
        Tier.R1,
        "Acknowledge: you have seen these alerts; holds until they resolve.",
        (
            Arg("keys", ArgType.KEYS),
            Arg("group"),
            Arg("note"),
            Arg("silence", ArgType.CHOICE, choices=("", "yes")),
            Arg("incident"),
        ),
        footer=1,
    ),
    ActionSpec(
        "alert.unack",
        "un-ack",
        ("A",),
        Scope.ALERTS,
        Tier.R1,
        "Take an acknowledgement back.",
        (Arg("keys", ArgType.KEYS), Arg("group"), Arg("incident")),
    ),
    ActionSpec(
        "alert.silence",
        "silence",
        ("s",),
        Scope.ALERTS,
        Tier.R2,
        "Silence the marked alerts, this group, or all that the filter lets through; shows first what would be muted.",
        (
            Arg("keys", ArgType.KEYS),
            Arg("group"),
            Arg("filter"),
            Arg("duration", ArgType.DURATION, True, help="how long"),
            Arg("reason", required=True, help="why, for those who find it"),
            Arg("incident"),
        ),
        footer=2,
    ),
    ActionSpec(
        "silence.expire",
        "expire",
        ("x",),
        Scope.SILENCES,
        Tier.R2,
        "End a silence now.",
        (Arg("silence", required=True, help="<source>/<id>"), Arg("incident")),
        footer=1,
    ),
    ActionSpec(
        "incident.declare",
        "declare",
        ("d",),
        Scope.EVERYWHERE,
        Tier.R1,
        "Declare an incident, from this group if one is under the cursor.",
        (
            Arg("title", required=True, help="the symptom, in words"),
            Arg("severity", ArgType.CHOICE, True, _SEVERITIES),
            Arg("services"),
            Arg("group"),
            Arg("command", ArgType.CHOICE, choices=("yes", "no"), help="take command yourself"),
        ),
        footer=3,
    ),
    ActionSpec(
        "incident.open",
        "open",
        (),
        Scope.LOBBY,
        Tier.R0,
        "Open an incident's war room.",
        (Arg("incident", required=True),),
    ),
    ActionSpec("incident.leave", "leave", (), Scope.ROOM, Tier.R0, "Leave the war room; the incident stays as it is."),
    ActionSpec(
        "incident.note",
        "note",
        ("n",),
        Scope.ROOM,
        Tier.R1,
        "Write a note into the timeline; it stays, and another note corrects it.",
        (Arg("text", required=True), Arg("incident")),
        footer=9,
    ),
    ActionSpec(
        "incident.status",
        "status",
        ("t",),
        Scope.ROOM,
        Tier.R1,
        "Move the incident to a state that can follow.",
        (Arg("status", ArgType.CHOICE, True, _STATES), Arg("reason"), Arg("incident")),
        footer=10,
    ),
    ActionSpec(
        "incident.severity",
        "severity",
        ("v",),
        Scope.ROOM,
        Tier.R1,
        "Raise or lower the severity.",
        (Arg("severity", ArgType.CHOICE, True, _SEVERITIES), Arg("reason"), Arg("incident")),
        footer=11,
    ),
    ActionSpec(
        "incident.command",
        "take command",
        ("i",),
        Scope.ROOM,
        Tier.R1,
        "Become Incident Commander where nobody commands, or take over by name.",
        (Arg("basis"), Arg("incident")),
        footer=12,
    ),
    ActionSpec(
        "runbook.start",
        "runbook",
        ("b",),
        Scope.ROOM,
        Tier.R1,
        "Start a runbook in this incident.",
        (Arg("runbook", required=True), Arg("params", ArgType.PARAMS), Arg("incident")),
        footer=7,
    ),
    ActionSpec(
        "step.run",
        "run step",
        ("r",),
        Scope.RUNBOOK,
        Tier.R2,
        "Run the step whose turn it is, or another with a reason; its own risk decides whether it asks first.",
        (
            Arg("step"),
            Arg("run"),
            Arg("result", help="for a manual step: what was found"),
            Arg("reason", help="why out of order, or again"),
            Arg("incident"),
        ),
        footer=1,
    ),
    ActionSpec(
        "step.skip",
        "skip",
        ("k",),
        Scope.RUNBOOK,
        Tier.R1,
        "Skip a step, with a reason; it stays in the timeline, and the step can be run later all the same.",
        (Arg("reason", required=True), Arg("step"), Arg("run"), Arg("incident")),
        footer=2,
    ),
    ActionSpec(
        "step.undo",
        "undo step",
        (),
        Scope.RUNBOOK,
        Tier.R2,
        "Run the way back of a step.",
        (Arg("step", required=True), Arg("run"), Arg("incident")),
    ),
    ActionSpec(
        "step.stop",
        "stop",
        ("ctrl+k",),
        Scope.RUNBOOK,
        Tier.R2,
        "End the running command of a step.",
        (Arg("step"), Arg("run"), Arg("incident")),
    ),
    ActionSpec(
        "desk.undo",
        "undo",
        ("u",),
        Scope.ROOM,
        Tier.R1,
        "Reverse your last action, each time one further back, or the one under the cursor; asks if that is risky.",
        (Arg("operation"), Arg("incident")),
        footer=4,
    ),
    ActionSpec(
        "desk.hold",
        "hold",
        ("H",),
        Scope.EVERYWHERE,
        Tier.R1,
        "Hold everything that happens by itself, in every console; again: let it go on.",
        (Arg("to", ArgType.CHOICE, choices=("", "on", "off")), Arg("reason"), Arg("incident")),
    ),
    ActionSpec(
        "entry.redact",
        "redact",
        (),
        Scope.TIMELINE,
        Tier.R3,
        "Take the text of an entry away for good; only whoever owns its lane can.",
        (
            Arg("entry", required=True, help="<lane>:<number>, as the entry's details name it"),
            Arg("reason", required=True, help="why, for those who find the gap"),
            Arg("basis", help="policy, law or request that it rests on"),
            Arg("approver"),
            Arg("incident"),
        ),
    ),
    ActionSpec(
        "evidence.file",
        "file",
        ("E",),
        Scope.EVERYWHERE,
        Tier.R1,
        "File as evidence: a step's output, alerts or a source's last answers under the cursor; else the screen.",
        (
            Arg("step"),
            Arg("run"),
            Arg("keys", ArgType.KEYS),
            Arg("group"),
            Arg("source"),
            Arg("picture", ArgType.PICTURE),
            Arg("incident"),
        ),
        footer=13,
    ),
    ActionSpec(
        "evidence.screen",
        "file screen",
        ("ctrl+e",),
        Scope.EVERYWHERE,
        Tier.R1,
        "File the screen as evidence, whatever is under the cursor.",
        (Arg("picture", ArgType.PICTURE), Arg("incident")),
    ),
    ActionSpec(
        "evidence.show",
        "show",
        (),
        Scope.EVIDENCE,
        Tier.R0,
        "Read a piece of evidence: its hash is compared, and its custody tells who read it.",
        (Arg("item", required=True, help="as the list names it: E-0001"), Arg("incident")),
    ),
    ActionSpec(
        "outbox.retry",
        "try now",
        ("r",),
        Scope.OUTBOX,
        Tier.R1,
        "Try at once what waits; look up and send again what failed or is unknown (asks first).",
        (Arg("operation", required=True), Arg("incident")),
        footer=1,
    ),
    ActionSpec(
        "outbox.edit",
        "edit",
        ("e",),
        Scope.OUTBOX,
        Tier.R2,
        "Change what waits or failed: the old one is dropped, the changed one takes its place and its turn.",
        (
            Arg("operation", required=True),
            Arg("changes", ArgType.PARAMS, True, help="what is to be another: duration=2h"),
            Arg("incident"),
        ),
        footer=4,
    ),
    ActionSpec(
        "outbox.drop",
        "drop",
        ("x",),
        Scope.OUTBOX,
        Tier.R1,
        "Do not send what waits, with a reason.",
        (Arg("operation", required=True), Arg("reason", required=True), Arg("incident")),
        footer=2,
    ),
    ActionSpec(
        "outbox.settle",
        "settle",
        ("m",),
        Scope.OUTBOX,
        Tier.R1,
        "Say whether an effect of unknown outcome happened, and how you know.",
        (
            Arg("operation", required=True),
            Arg("happened", ArgType.CHOICE, True, choices=("yes", "no")),
            Arg("reason", required=True),
            Arg("incident"),
        ),
        footer=3,
    ),
)

TABLE: dict[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}


def in_scope(*scopes: Scope) -> tuple[ActionSpec, ...]:
    """Actions of these scopes and of everywhere, in the table's order."""
    wanted = {Scope.EVERYWHERE, *scopes}
    return tuple(spec for spec in ACTIONS if spec.scope in wanted)
