"""What can be filed: a step's output, alerts, a source's last answers; each as text with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct

from console.clock import Millis
from console.model.alert import Alert
from console.model.evidence import ItemType
from console.model.runbook import Run, StepView
from console.model.wording import count, one_line
from console.ports import Answer, Captured
from console.text import clean

LOGS = 5
"""The rank of what a system tells of itself elsewhere: logs and monitoring (RFC 3227 §2.1)."""
LIVE = 2
"""The rank of what a command found in a running system."""


class Piece(Struct, frozen=True):
    """Something to be filed; its text is made on another thread than the engine's."""

    title: str
    type: ItemType
    text: Callable[[], str]
    source_system: str
    source_identifier: str
    method: str
    collected_at: Millis = 0
    """0 = when it is filed."""
    began_at: Millis = 0
    command: tuple[str, ...] = ()
    exit: int | None = None
    outputs: dict[str, str] = {}
    rank: int = 0
    notes: str = ""
    related: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()


def of_step(incident: str, run: Run, view: StepView, captured: Captured | None, host: str) -> Piece:
    """The output of a step: all that was caught where it ran in this console, else what the journal holds of it."""
    digest, said = "", [f"step {view.number} of {run.title}"]
    if captured is not None:
        result, lines = captured.result, captured.result.output
        digest = result.digest
        said.append(f"exit {result.exit}" if result.exit is not None else result.error or "ended by its time-out")
        if result.dropped:
            said.append(f"the last {len(lines):,} lines: {result.dropped:,} before them were not kept")
        if digest:
            said.append("the hash under outputs is of all bytes as they came, before secrets were taken out")
    else:
        lines = view.output
        said.append(f"the last {len(lines)} lines, which the journal holds: the step did not run in this console")
    text = "\n".join(lines)
    return Piece(
        title=one_line(f"output of step {view.number}: {view.step.title}"),
        type=ItemType.LOG,
        text=lambda: f"{text}\n",
        source_system=host if captured is not None else "journal",
        source_identifier=view.operation_id or f"{run.id} {view.step.id}",
        method="live" if captured is not None else "export",
        collected_at=captured.ended_at if captured is not None else view.at,
        began_at=captured.began_at if captured is not None else 0,
        command=captured.argv if captured is not None else (),
        exit=captured.result.exit if captured is not None else None,
        outputs={"output": digest} if digest else {},
        rank=LIVE,
        notes="; ".join(said),
        related=(view.operation_id,) if view.operation_id else (),
        refs=(incident, run.id, view.step.id),
    )


def of_alerts(incident: str, alerts: Sequence[Alert], answers: Sequence[Answer], words: str) -> Piece:
    """Alerts as the console shows them, each beside what its source sent where that is still kept."""
    sources = tuple(dict.fromkeys(alert.source for alert in alerts))
    return Piece(
        title=one_line(words),
        type=ItemType.LOG,
        text=lambda: _alerts_text(alerts, answers),
        source_system=one_line(", ".join(sources)),
        source_identifier=alerts[0].key if len(alerts) == 1 else count(len(alerts), "alert"),
        method="api",
        rank=LOGS,
        notes="as_shown is what the console made of each alert; as_received is what its source sent, null where that"
        " is not kept any more (1 MB a source)",
        refs=(incident, *(alert.key for alert in alerts[:16])),
    )


def of_answers(incident: str, source: str, kind: str, answers: Sequence[Answer]) -> Piece:
    """What a source answered last, as it came."""
    last = answers[-1]
    lost = sum(answer.body is None for answer in answers)
    return Piece(
        title=one_line(f"last {count(len(answers), 'answer')} of {source}"),
        type=ItemType.LOG,
        text=lambda: _answers_text(source, kind, answers),
        source_system=one_line(f"{source} ({kind})"),
        source_identifier=one_line(f"{last.method} {last.address}"),
        method="api",
        collected_at=last.at,
        rank=LOGS,
        notes=f"not kept, being over 1 MB: the body of {count(lost, 'answer')}" if lost else "",
        refs=(incident, source),
    )


def _alerts_text(alerts: Sequence[Alert], answers: Sequence[Answer]) -> str:
    sent = _sent(answers)
    told = []
    for alert in alerts:
        shown = msgspec.to_builtins(alert)
        raw, at = sent.get(_name(shown["vendor_id"]), (None, 0))
        if raw is None:
            raw, at = sent.get(_labels(alert.labels), (None, 0))
        told.append({"as_shown": shown, "as_received": raw, "received_at": at or None})
    return _written({"alerts": told})


def _sent(answers: Iterable[Answer]) -> dict[str, tuple[object, Millis]]:
    """The alerts in kept answers, by fingerprint and by labels."""
    out: dict[str, tuple[object, Millis]] = {}
    for answer in answers:
        if answer.body is None or not answer.address.partition("?")[0].endswith("/alerts"):
            continue
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            continue
        data = value.get("data") if isinstance(value, dict) else value
        found = data.get("alerts") if isinstance(data, dict) else data
        for one in found if isinstance(found, list) else ():
            if not isinstance(one, dict):
                continue
            if isinstance(one.get("labels"), dict):
                out[_labels(one["labels"])] = one, answer.at
            if isinstance(one.get("fingerprint"), str):
                out[_name(one["fingerprint"])] = one, answer.at
    return out


def _name(fingerprint: str) -> str:
    return f"fingerprint {fingerprint}"


def _labels(labels: dict[str, str]) -> str:
    return json.dumps(labels, sort_keys=True)


def _answers_text(source: str, kind: str, answers: Sequence[Answer]) -> str:
    told = []
    for answer in answers:
        one: dict[str, object] = {
            "method": answer.method, "address": clean(answer.address), "status": answer.status,
            "answered_at": answer.at, "bytes": answer.size,
        }  # fmt: skip
        if answer.body is not None:
            one["sha256_as_received"] = sha256(answer.body).hexdigest()
            one["body"] = answer.body.decode("utf-8", "replace")
        told.append(one)
    return _written({"source": source, "type": kind, "answers": told})


def _written(value: object) -> str:
    """JSON that people can read; characters are themselves, so that secrets in them are found."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
