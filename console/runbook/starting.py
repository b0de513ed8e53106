"""Starting a runbook: values for its parameters, and its steps with them filled in, fixed in the journal."""

from __future__ import annotations

from collections.abc import Mapping

from console.desk.desk import Desk
from console.errors import Refused
from console.model.action import Action, Preview, Reply, Tier
from console.model.bodies import RunbookStarted, body_from
from console.model.entry import Draft, Kind
from console.model.incident import Incident
from console.model.runbook import Runbook, Step, StepType
from console.model.wording import count
from console.runbook.aim import Finder
from console.runbook.fill import check_value, fill_step
from console.runbook.shelf import Shelf
from console.text import clean, nearest


class Start:
    """Serves ``runbook.start``."""

    def __init__(self, finder: Finder, desk: Desk, shelf: Shelf) -> None:
        self._finder = finder
        self._desk = desk
        self._shelf = shelf

    async def preview(self, action: Action) -> Preview:
        """What the run would hold; starting it runs nothing."""
        incident = self._finder.incident(action)
        book, params, steps = self._plan(action, incident)
        risky = [step for step in steps if step.tier > Tier.R1]
        open_runs = [r for r in incident.runs if r.runbook_id == book.id and r.current < len(r.steps)]
        return Preview(
            title=f"Start {book.title}",
            call=f"a checklist of {count(len(steps), 'step')} in {incident.key}; nothing is run by it",
            target=book.id,
            tier=Tier.R1,
            blast=(_kinds(steps), *(f"{step.tier.label} {step.title}" for step in risky)),
            sample=tuple(f"{name}={value}" for name, value in params.items()),
            undo="skip its steps",
            warning=f"it runs here already, since {open_runs[-1].by} started it" if open_runs else "",
        )

    async def perform(self, action: Action) -> Reply:
        incident = self._finder.incident(action)
        book, params, steps = self._plan(action, incident)
        run = self._desk.ids.new("run")
        body = RunbookStarted(run, book.id, book.title, steps, book.version, book.digest, params)
        await self._desk.record(incident.key, [Draft(Kind.RUNBOOK_STARTED, body_from(body))], action)
        text = f"started {book.title}: {count(len(steps), 'step')}"
        return Reply(action.request_id, True, text, data={"run": run, "runbook": book.id, "incident": incident.key})

    def _plan(self, action: Action, incident: Incident) -> tuple[Runbook, dict[str, str], tuple[Step, ...]]:
        book = self._book(str(action.args.get("runbook") or ""))
        given = action.args.get("params") or {}
        params = _params(book, given if isinstance(given, Mapping) else {}, _known(action, incident))
        return book, params, tuple(fill_step(step, params) for step in book.steps)

    def _book(self, name: str) -> Runbook:
        book = self._shelf.get(name)
        if book is not None:
            return book
        for broken in self._shelf.broken:
            if name and broken.path.rpartition("/")[2].startswith(f"{name}."):
                raise Refused(f"{broken.path}: {broken.problems[0]}", next="mend the file, then start again")
        near = nearest(name, [book.id for book in self._shelf.runbooks])
        raise Refused(f"there is no runbook {clean(name, 60)!r}", next=f"did you mean {near}?" if near else "")


def _known(action: Action, incident: Incident) -> dict[str, str]:
    """Parameters that need not be asked for."""
    return {"incident": incident.key, "operator": action.actor.id, "service": incident.service}


def _params(book: Runbook, given: Mapping[str, object], known: Mapping[str, str]) -> dict[str, str]:
    for name in given:
        if name not in book.params:
            near = nearest(str(name), book.params)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(book.params) or 'none'}"
            raise Refused(f"{book.title} has no parameter {clean(str(name), 60)!r}", next=hint)
    out = {}
    for name, default in book.params.items():
        value = str(given.get(name) or default or known.get(name, ""))
        if not value:
            raise Refused(f"{book.title} needs {name}", next=f"give {name}=…")
        out[name] = check_value(name, value)
    return out


def _kinds(steps: tuple[Step, ...]) -> str:
    numbers = [(kind, sum(step.type is kind for step in steps)) for kind in StepType]
    return ", ".join(f"{number} {kind}" for kind, number in numbers if number)
