"""Filing with one key: the content is kept beside the journal, then the journal says what it is, and its hash."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from console.desk.desk import Desk
from console.errors import Refused
from console.evidence import picture
from console.evidence.piece import Piece, of_alerts, of_answers, of_step
from console.journal.blobs import Blob, Blobs
from console.model.action import Action, Preview, Reply, Tier
from console.model.alert import Alert
from console.model.bodies import body_from
from console.model.entry import Draft, Kind
from console.model.evidence import EvidenceCollected, EvidenceHashed, EvidenceItem, ItemType
from console.model.incident import Incident
from console.model.runbook import Run, StepState, StepView
from console.model.wording import count, one_line
from console.ports import Alerts, Answer, Captured

MOST = 20_000
"""Alerts in one piece: about 40 MB."""
_NUMBER = re.compile(r"E-(\d{1,9})")
TLP = "AMBER"
"""Whoever needs it in the organisation may see it, as with every entry that says nothing else."""


class Files(Struct, frozen=True):
    """Where the contents are, and where what can be filed comes from."""

    folder: Callable[[str], Path]
    """An incident's folder."""
    captured: Callable[[str], Captured | None]
    """What the command of an operation wrote in this console."""
    alerts: Alerts
    answers: Callable[[str], Sequence[Answer]]
    """What a source answered last."""
    sources: Mapping[str, str]
    """Types of the configured sources by name."""
    host: str
    tool: str
    """The console, with its version."""


class File:
    """Serves ``evidence.file`` and ``evidence.screen``."""

    def __init__(self, desk: Desk, files: Files, state: Callable[[str], Incident], current: Callable[[], str]) -> None:
        self._desk = desk
        self._files = files
        self._state = state
        self._current = current
        self._one = asyncio.Lock()

    async def preview(self, action: Action) -> Preview:
        piece, incident = self._piece(action)
        return Preview(f"File {piece.title}", "a file beside the journal, and an entry", incident.key, Tier.R1)

    async def perform(self, action: Action) -> Reply:
        """Kept first, told then: a crash between the two leaves a file that no entry names, never the other way."""
        piece, incident = self._piece(action)
        blobs = Blobs(self._files.folder(incident.key), redactor=self._desk.redact, ids=self._desk.ids)
        async with self._one:
            blob = await asyncio.to_thread(lambda: blobs.put_text(piece.text()))
            same = next(
                (i for i in self._items(incident.key) if (i.digest, i.title) == (blob.digest, piece.title)), None
            )
            if same is not None:
                return Reply(
                    action.request_id, True, f"filed already: {same.id} {same.title}", data=_data(same.id, blob)
                )
            first = 1 + max((int(m[1]) for i in self._items(incident.key) if (m := _NUMBER.fullmatch(i.id))), default=0)
            item = await asyncio.to_thread(blobs.claim, first)
            await self._desk.record(incident.key, self._drafts(item, piece, blob), action)
        text = f"filed {item}: {piece.title}, {size(blob.size)}, sha256 {blob.digest[:12]}…"
        return Reply(action.request_id, True, text, data=_data(item, blob))

    def _items(self, incident: str) -> Sequence[EvidenceItem]:
        return tuple(self._state(incident).evidence.items.values())

    def _drafts(self, item: str, piece: Piece, blob: Blob) -> list[Draft]:
        at = piece.collected_at or self._desk.clock.now()
        collected = EvidenceCollected(
            item=item,
            title=piece.title,
            type=piece.type,
            source_system=piece.source_system,
            source_identifier=piece.source_identifier,
            location=self._files.host,
            collected_at=at,
            began_at=piece.began_at,
            tool=self._files.tool,
            command=piece.command,
            exit=piece.exit,
            outputs=piece.outputs,
            method=piece.method,
            volatility_rank=piece.rank,
            size=blob.size,
            storage_uri=f"blobs/{blob.digest}",
            tlp=TLP,
            notes=piece.notes,
            related=piece.related,
            blobs=(blob.digest,),
        )
        hashed = EvidenceHashed(item=item, digest=blob.digest, size=blob.size, blobs=(blob.digest,))
        return [
            Draft(Kind.EVIDENCE_COLLECTED, body_from(collected), refs=piece.refs),
            Draft(Kind.EVIDENCE_HASHED, body_from(hashed), refs=piece.refs),
        ]

    # What is meant

    def _piece(self, action: Action) -> tuple[Piece, Incident]:
        key = str(action.args.get("incident") or self._current())
        if not key:
            raise Refused("no incident is open: evidence belongs to one", next="declare one, or open one in the lobby")
        incident = self._state(key)
        if action.args.get("step"):
            return self._step(action, incident), incident
        if action.args.get("keys") or action.args.get("group"):
            return self._alerts(action, key), incident
        if action.args.get("source"):
            return self._source(str(action.args["source"]), key), incident
        if action.args.get("picture"):
            return self._screen(str(action.args["picture"]), key), incident
        raise Refused("nothing was named that could be filed", next="name a step, alerts, a group or a source")

    def _step(self, action: Action, incident: Incident) -> Piece:
        run, view = _found(incident, str(action.args["step"]), str(action.args.get("run") or ""))
        if view.state is StepState.RUNNING:
            raise Refused(f"step {view.number} is running", next="file its output when it has ended")
        captured = self._files.captured(view.operation_id) if view.operation_id else None
        if captured is None and not view.output:
            raise Refused(f"step {view.number} has no output", next="run it first")
        return of_step(incident.key, run, view, captured, self._files.host)

    def _alerts(self, action: Action, incident: str) -> Piece:
        words, alerts = "", list[Alert]()
        keys = action.args.get("keys")
        if isinstance(keys, list | tuple) and keys:
            if len(keys) > MOST:
                raise Refused(f"{len(keys):,} alerts are too many for one piece", next=f"mark at most {MOST:,}")
            alerts = [a for a in (self._files.alerts.alert(str(key)) for key in keys) if a is not None]
            first = alerts[0] if alerts else None
            words = count(len(alerts), "alert")
            if first is not None and len(alerts) == 1:
                words = f"alert {first.service} {first.name}".replace("  ", " ")
        elif (group := self._files.alerts.group(str(action.args["group"]))) is not None:
            if group.total > MOST:
                raise Refused(f"{group.total:,} alerts are too many for one piece", next=f"mark at most {MOST:,}")
            alerts = [row.alert for row in group.members]
            words = f"{count(len(alerts), 'alert')} of {group.title}"
        if not alerts:
            raise Refused("none of these alerts is known any more", next="look at the list again")
        answers = [one for name in {a.source for a in alerts} for one in self._files.answers(name)]
        return of_alerts(incident, alerts, answers, words)

    def _source(self, source: str, incident: str) -> Piece:
        if source not in self._files.sources:
            raise Refused(f"there is no source {one_line(source, 60)!r}", next="F5 shows those that are configured")
        answers = self._files.answers(source)
        if not answers:
            raise Refused(f"{source} has not answered yet", next="a on the sources screen (F5) asks it at once")
        return of_answers(incident, source, self._files.sources[source], answers)

    def _screen(self, svg: str, incident: str) -> Piece:
        return Piece(
            title="the screen",
            type=ItemType.SCREENSHOT,
            text=lambda: picture.safe(svg, self._desk.redact),
            source_system=self._files.host,
            source_identifier="console",
            method="live",
            rank=0,
            notes="an SVG picture of what the console showed; secrets in it were taken out",
            refs=(incident,),
        )


def _found(incident: Incident, step: str, run: str) -> tuple[Run, StepView]:
    """A step of the named run, else of the last that has one of this id."""
    for known in reversed(incident.runs):
        for view in known.steps if run in ("", known.id) else ():
            if view.step.id == step:
                return known, view
    raise Refused(f"there is no step {one_line(step, 60)!r} in a run of {incident.key}", next="start its runbook first")


def _data(item: str, blob: Blob) -> dict[str, object]:
    return {"item": item, "sha256": blob.digest, "size": blob.size}


def size(amount: int) -> str:
    """``312 B``, ``12 kB``, ``3.4 MB``."""
    if amount < 1000:
        return f"{amount} B"
    if amount < 1_000_000:
        return f"{amount / 1000:.0f} kB"
    return f"{amount / 1_000_000:.1f} MB"
