"""Questions that an action needs answered before it can be sent; each ends with its arguments, or ``None``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from console.actions import TABLE, ActionSpec, ArgType
from console.model.incident import Status
from console.model.lifecycle import Move, move, reason_for, words
from console.model.runbook import Runbook, StepType
from console.model.severity import Severity
from screens.editing import edit
from screens.filing import picture
from screens.host import Host
from screens.moves import STATES, open_moves
from screens.situation import Situation, find_group
from screens.steps import out_of_order
from widgets import palette

if TYPE_CHECKING:
    from screens.choose import Choice

Args = dict[str, object]
DURATIONS = ("15m", "1h", "2h", "4h", "1d")
MEANING = {
    Severity.SEV1: "core function down for most, or data exposed",
    Severity.SEV2: "major function impaired for many",
    Severity.SEV3: "partial or minor, or redundancy lost",
    Severity.SEV4: "degraded without real effect on users",
    Severity.SEV5: "cosmetic, or a drill",
}


class Asking:
    """One gesture that needs words: what it is aimed at, and what was answered before if that was refused."""

    def __init__(self, host: Host, at: Situation, args: Args, before: Args | None = None, refused: str = "") -> None:
        self.host = host
        self.at = at
        self.args = args
        self.before = before or {}
        self.refused = refused
        self.typed = False
        """Whether something was typed that would be missed."""

    async def form(self, title: str, *fields: Mapping[str, object], note: str = "") -> Args | None:
        """Lines to fill in; what was typed before stands in them again."""
        from screens.ask import Ask, Field

        made = [Field(**{**field, "value": self._value(field)}) for field in fields]  # type: ignore[arg-type]
        start = next((str(field["name"]) for field in fields if not field.get("value")), "")
        answers = await self.host.dialog(Ask(title, made, note=note, start=start, warning=self.refused))
        self.typed = answers is not None
        return None if answers is None else {name: value for name, value in answers.items() if value}

    def _value(self, field: Mapping[str, object]) -> str:
        name = str(field["name"])
        return str(self.before[name] if name in self.before else field.get("value", ""))

    async def pick(
        self, name: str, title: str, choices: Sequence[Choice], start: str, *, note: str = "", verb: str = ""
    ) -> str | None:
        """One of a few rows; the cursor starts on what was chosen before."""
        from screens.choose import Choose

        kept = str(self.before.get(name, ""))
        start = kept if any(c.key == kept for c in choices) else start
        note = self.refused or note
        return await self.host.dialog(Choose(title, choices, start=start, note=note, verb=verb))


async def complete(spec: ActionSpec, asking: Asking) -> Args | None:
    """What only the operator can say; ``None`` if the operator left."""
    question = _QUESTIONS.get(spec.id)
    return {} if question is None else await question(asking)


def silenced_words(at: Situation, args: Args) -> str:
    """What a silence is about to cover, in words."""
    if "filter" in args:
        return f"all that matches {args['filter']}"
    if "keys" in args:
        keys = args["keys"]
        count = len(keys) if isinstance(keys, list) else 0
        return f"{count} alert{'s' if count != 1 else ''}"
    group = find_group(at.snapshot.alerts, str(args.get("group", "")))
    return group.title if group else "these alerts"


async def _silence(ask: Asking) -> Args | None:
    return await ask.form(
        f"Silence {silenced_words(ask.at, ask.args)}",
        {"name": "duration", "label": "for how long", "value": "1h", "suggestions": DURATIONS, "duration": True},
        {"name": "reason", "label": "why", "hint": "for those who find it later"},
        note="what would be muted is shown next",
    )


async def _note(ask: Asking) -> Args | None:
    return await ask.form("Note", {"name": "text", "label": "what happened, was found or decided"})


async def _status(ask: Asking) -> Args | None:
    """Only where the incident can go from its state; a move that wants a reason asks for it before it is sent."""
    from screens.choose import Choice

    incident = ask.at.incident
    if incident is None:
        return {}
    here, onward = incident.status, open_moves(incident, ask.at.snapshot.operator, ask.at.snapshot.at)
    choices = [Choice(s, words(s), STATES[s], right="asks why" if reason_for(here, s) else "") for s in onward]
    first = next((s for s in onward if move(here, s) in (Move.FORWARD, Move.END)), onward[0])
    picked = await ask.pick("status", "Move the incident to", choices, first, note=f"it is {words(here)}")
    if picked is None:
        return None
    if wanted := reason_for(here, Status(picked)):
        more = await ask.form(f"Move to {words(Status(picked))}", {"name": "reason", "label": "why", "hint": wanted})
        return None if more is None else {"status": picked, **more}
    return {"status": picked}


async def _severity(ask: Asking) -> Args | None:
    from screens.choose import Choice

    here = ask.at.incident.severity if ask.at.incident else None
    choices = [
        Choice(s.name, s.name, MEANING[s], palette.severity(s), "as it is" if s is here else "") for s in Severity
    ]
    picked = await ask.pick("severity", "Severity", choices, here.name if here else "SEV3")
    if picked is None:
        return None
    if here is not None and Severity[picked] > here:
        more = await ask.form(f"Lower from {here.name} to {picked}", {"name": "reason", "label": "why"})
        return None if more is None else {"severity": picked, **more}
    return {"severity": picked}


async def _command(ask: Asking) -> Args | None:
    holder = ask.at.incident.ic if ask.at.incident else ""
    if not holder:
        return {}
    field = {
        "name": "basis",
        "label": f"{holder} commands; why do you take over",
        "hint": "asked to by name, shift end",
    }
    return await ask.form("Take command", field)


async def _runbook(ask: Asking) -> Args | None:
    from screens.choose import Choice

    ordered = suggested(ask.at)
    found = {book.id: book for book, _ in ordered}
    choices = [
        Choice(b.id, b.title, f"{len(b.steps)} steps{', ' + b.owner if b.owner else ''}", right="fits" if fits else "")
        for b, fits in ordered
    ]
    picked = await ask.pick("runbook", "Start a runbook", choices, "", verb="start")
    if picked is None:
        return None
    book = found[picked]
    if not book.params:
        return {"runbook": picked}
    began = ask.at.incident.service if ask.at.incident else ""
    fields = [
        {"name": name, "label": name, "value": value or (began if name == "service" else "")}
        for name, value in book.params.items()
    ]
    kept = ask.before.get("params")
    if isinstance(kept, dict):
        fields = [{**field, "value": kept.get(field["name"], field["value"])} for field in fields]
    params = await ask.form(book.title, *fields, note="values for this run")
    return None if params is None else {"runbook": picked, "params": params}


def suggested(at: Situation) -> list[tuple[Runbook, bool]]:
    """Runbooks, those first whose triggers or services fit the incident."""
    incident = at.incident
    words = f"{incident.title} {' '.join(a.name for a in incident.linked.values())}".lower() if incident else ""
    services = set(incident.services) if incident else set()

    def fits(book: Runbook) -> bool:
        return bool(services & set(book.services)) or any(t and t.lower() in words for t in book.triggers)

    return sorted(((b, fits(b)) for b in at.snapshot.runbooks), key=lambda pair: (not pair[1], pair[0].title))


async def _run(ask: Asking) -> Args | None:
    """Out of order, or once more, a step wants a reason; one done by hand is asked what was found."""
    step, run = ask.at.step, ask.at.run
    if step is None or run is None:
        return {}
    fields: list[Mapping[str, object]] = []
    if why := out_of_order(step, run):
        fields.append({"name": "reason", "label": f"{why}; why now"})
    if step.step.type is StepType.MANUAL:
        fields.append({"name": "result", "label": "what was found or done", "required": False, "hint": "done"})
    note = "a manual step" if step.step.type is StepType.MANUAL else ""
    return await ask.form(f"{step.number} {step.step.title}", *fields, note=note) if fields else {}


async def _skip(ask: Asking) -> Args | None:
    step = ask.at.step
    title = f"Skip {step.number} {step.step.title}" if step else "Skip"
    return await ask.form(title, {"name": "reason", "label": "why"})


async def _open(ask: Asking) -> Args | None:
    from screens.choose import Choice

    if ask.args.get("incident"):
        return {}
    lines = ask.at.snapshot.incidents
    choices = [Choice(i.key, i.key, i.title, "text" if i.status.open else "grey", words(i.status)) for i in lines]
    picked = await ask.pick("incident", "Open an incident", choices, "", verb="open")
    return None if picked is None else {"incident": picked}


async def _ask_source(ask: Asking) -> Args | None:
    from screens.choose import Choice

    if ask.args.get("source"):
        return {}
    choices = [Choice(s.name, s.name, s.detail or s.type, right=str(s.health)) for s in ask.at.snapshot.sources]
    picked = await ask.pick("source", "Ask a source now", choices, "", verb="ask")
    return None if picked is None else {"source": picked}


async def _declare(ask: Asking) -> Args | None:
    from screens.declare import Declare

    group = find_group(ask.at.snapshot.alerts, str(ask.args.get("group", "")))
    answers = await ask.host.dialog(Declare(group, ask.before, ask.refused))
    ask.typed = answers is not None
    return None if answers is None else dict(answers)


async def _drop(ask: Asking) -> Args | None:
    return await ask.form("Do not send it", {"name": "reason", "label": "why", "hint": "for the timeline"})


async def _settle(ask: Asking) -> Args | None:
    from screens.choose import Choice

    choices = [
        Choice("yes", "it happened", "you looked, and it is there"),
        Choice("no", "it did not happen", "you looked, and it is not there"),
    ]
    picked = await ask.pick("happened", "What did you see", choices, "yes")
    if picked is None:
        return None
    more = await ask.form("How do you know", {"name": "reason", "label": "where you looked"})
    return None if more is None else {"happened": picked, **more}


async def _redact(ask: Asking) -> Args | None:
    reason = {"name": "reason", "label": "why", "hint": "a password was pasted"}
    basis = {"name": "basis", "label": "rests on", "required": False, "hint": "policy, law, request"}
    return await ask.form("Take this entry's text away for good", reason, basis)


_QUESTIONS: dict[str, Callable[[Asking], Awaitable[Args | None]]] = {
    "alert.silence": _silence,
    "incident.note": _note,
    "entry.redact": _redact,
    "incident.status": _status,
    "incident.severity": _severity,
    "incident.command": _command,
    "incident.open": _open,
    "incident.declare": _declare,
    "runbook.start": _runbook,
    "source.ask": _ask_source,
    "evidence.file": picture,
    "evidence.screen": picture,
    "outbox.drop": _drop,
    "outbox.edit": edit,
    "outbox.settle": _settle,
    "step.run": _run,
    "step.skip": _skip,
}


def unasked() -> list[str]:
    """Actions with an argument that nobody would ask for; a test keeps this empty."""
    aimed = {"silence.expire", "step.undo", "outbox.retry", "evidence.show"}
    return [
        spec.id
        for spec in TABLE.values()
        if any(a.required and a.type is not ArgType.KEYS for a in spec.args)
        and spec.id not in _QUESTIONS
        and spec.id not in aimed
    ]
