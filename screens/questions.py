"""Questions that an action needs answered before it can be sent; each ends with its arguments, or ``None``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from console.actions import TABLE, ActionSpec, ArgType
from console.model.runbook import Runbook, StepType
from console.model.severity import Severity
from screens.host import Host
from screens.situation import Situation, find_group
from widgets import palette

Args = dict[str, object]
DURATIONS = ("15m", "1h", "2h", "4h", "1d")
STATES = {
    "investigating": "looking for the cause",
    "identified": "the cause is known, or a way to mitigate is agreed on",
    "monitoring": "mitigated; watching that it holds",
    "resolved": "back to normal",
    "false_positive": "there was no impact",
    "closed": "nothing is left to do",
}
_ORDER = list(STATES)
MEANING = {
    Severity.SEV1: "core function down for most, or data exposed",
    Severity.SEV2: "major function impaired for many",
    Severity.SEV3: "partial or minor, or redundancy lost",
    Severity.SEV4: "degraded without real effect on users",
    Severity.SEV5: "cosmetic, or a drill",
}


async def complete(spec: ActionSpec, host: Host, at: Situation, args: Args) -> Args | None:
    """The arguments with what only the operator can say; ``None`` if the operator left."""
    question = _QUESTIONS.get(spec.id)
    if question is None:
        return args
    more = await question(host, at, args)
    return None if more is None else {**args, **more}


async def _ask(host: Host, title: str, *fields: Mapping[str, object], note: str = "") -> Args | None:
    from screens.ask import Ask, Field

    answers = await host.dialog(Ask(title, [Field(**field) for field in fields], note=note))  # type: ignore[arg-type]
    return None if answers is None else {name: value for name, value in answers.items() if value}


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


async def _silence(host: Host, at: Situation, args: Args) -> Args | None:
    return await _ask(
        host, f"Silence {silenced_words(at, args)}",
        {"name": "duration", "label": "for how long", "value": "1h", "suggestions": DURATIONS, "duration": True},
        {"name": "reason", "label": "why", "hint": "for those who find it later"},
        note="what would be muted is shown next",
    )  # fmt: skip


async def _note(host: Host, at: Situation, args: Args) -> Args | None:
    return await _ask(host, "Note", {"name": "text", "label": "what happened, was found or decided"})


async def _status(host: Host, at: Situation, args: Args) -> Args | None:
    from screens.choose import Choice, Choose

    incident = at.incident
    here = str(incident.status) if incident else ""
    choices = [Choice(key, key.replace("_", " "), note) for key, note in STATES.items() if key != here]
    following = _ORDER[_ORDER.index(here) + 1] if here in _ORDER[:-1] else "investigating"
    picked = await host.dialog(Choose("Move the incident to", choices, start=following, note=f"it is {here}"))
    if picked is None:
        return None
    if picked in ("false_positive", "closed") or _backwards(here, picked):
        more = await _ask(host, f"Move to {picked.replace('_', ' ')}", {"name": "reason", "label": "why"})
        return None if more is None else {"status": picked, **more}
    return {"status": picked}


def _backwards(here: str, picked: str) -> bool:
    return here in _ORDER and picked in _ORDER and _ORDER.index(picked) < _ORDER.index(here)


async def _severity(host: Host, at: Situation, args: Args) -> Args | None:
    from screens.choose import Choice, Choose

    here = at.incident.severity if at.incident else None
    choices = [
        Choice(s.name, s.name, MEANING[s], palette.severity(s), "as it is" if s is here else "") for s in Severity
    ]
    picked = await host.dialog(Choose("Severity", choices, start=here.name if here else "SEV3"))
    if picked is None:
        return None
    if here is not None and Severity[picked] > here:
        more = await _ask(host, f"Lower from {here.name} to {picked}", {"name": "reason", "label": "why"})
        return None if more is None else {"severity": picked, **more}
    return {"severity": picked}


async def _command(host: Host, at: Situation, args: Args) -> Args | None:
    holder = at.incident.ic if at.incident else ""
    if not holder:
        return {}
    field = {
        "name": "basis",
        "label": f"{holder} commands; why do you take over",
        "hint": "asked to by name, shift end",
    }
    return await _ask(host, "Take command", field)


async def _runbook(host: Host, at: Situation, args: Args) -> Args | None:
    from screens.choose import Choice, Choose

    ordered = suggested(at)
    found = {book.id: book for book, _ in ordered}
    choices = [
        Choice(b.id, b.title, f"{len(b.steps)} steps{', ' + b.owner if b.owner else ''}", right="fits" if fits else "")
        for b, fits in ordered
    ]
    picked = await host.dialog(Choose("Start a runbook", choices, verb="start"))
    if picked is None:
        return None
    book = found[picked]
    if not book.params:
        return {"runbook": picked}
    services = at.incident.services if at.incident else ()
    fields = [
        {"name": name, "label": name, "value": value or (services[0] if name == "service" and services else "")}
        for name, value in book.params.items()
    ]
    params = await _ask(host, book.title, *fields, note="values for this run")
    return None if params is None else {"runbook": picked, "params": params}


def suggested(at: Situation) -> list[tuple[Runbook, bool]]:
    """Runbooks, those first whose triggers or services fit the incident."""
    incident = at.incident
    words = f"{incident.title} {' '.join(a.name for a in incident.linked.values())}".lower() if incident else ""
    services = set(incident.services) if incident else set()

    def fits(book: Runbook) -> bool:
        return bool(services & set(book.services)) or any(t and t.lower() in words for t in book.triggers)

    return sorted(((b, fits(b)) for b in at.snapshot.runbooks), key=lambda pair: (not pair[1], pair[0].title))


async def _run(host: Host, at: Situation, args: Args) -> Args | None:
    step = at.step
    if step is None or step.step.type is not StepType.MANUAL:
        return {}
    field = {"name": "result", "label": "what was found or done", "required": False, "hint": "done"}
    return await _ask(host, f"{step.number} {step.step.title}", field, note="a manual step")


async def _skip(host: Host, at: Situation, args: Args) -> Args | None:
    step = at.step
    title = f"Skip {step.number} {step.step.title}" if step else "Skip"
    return await _ask(host, title, {"name": "reason", "label": "why"})


async def _open(host: Host, at: Situation, args: Args) -> Args | None:
    from screens.choose import Choice, Choose

    if args.get("incident"):
        return {}
    choices = [
        Choice(i.key, i.key, i.title, "text" if i.status.open else "grey", str(i.status)) for i in at.snapshot.incidents
    ]
    picked = await host.dialog(Choose("Open an incident", choices, verb="open"))
    return None if picked is None else {"incident": picked}


async def _declare(host: Host, at: Situation, args: Args) -> Args | None:
    from screens.declare import Declare

    group = find_group(at.snapshot.alerts, str(args.get("group", "")))
    answers = await host.dialog(Declare(group))
    return None if answers is None else dict(answers)


_QUESTIONS: dict[str, Callable[[Host, Situation, Args], Awaitable[Args | None]]] = {
    "alert.silence": _silence,
    "incident.note": _note,
    "incident.status": _status,
    "incident.severity": _severity,
    "incident.command": _command,
    "incident.open": _open,
    "incident.declare": _declare,
    "runbook.start": _runbook,
    "step.run": _run,
    "step.skip": _skip,
}


def unasked() -> list[str]:
    """Actions with an argument that nobody would ask for; a test keeps this empty."""
    aimed = {"silence.expire", "step.undo"}
    return [
        spec.id
        for spec in TABLE.values()
        if any(a.required and a.type is not ArgType.KEYS for a in spec.args)
        and spec.id not in _QUESTIONS
        and spec.id not in aimed
    ]
