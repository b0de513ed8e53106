"""The timeline's wording: an entry becomes one line as a good scribe would write it, past tense, no ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from console.clock import Millis
from console.model.alert import AlertState
from console.model.bodies import (
    AlertFact,
    AlertsAcked,
    AlertsTold,
    Body,
    ConsoleMoved,
    Declared,
    NoteAdded,
    RoleAssigned,
    RoleRelieved,
    RunbookStarted,
    SeverityChanged,
    StatusChanged,
)
from console.model.entry import ActorType, Entry, Kind
from console.model.incident import Mark, Status, TimelineRow, Tone
from console.text import clean

LATE_MS = 5 * 60_000
TOGETHER_MS = 5 * 60_000
"""Lines that say the same within this time are one line."""
NAMED = 3
"""Hosts that a line names."""
CLAUSE = 300
"""Longest text of a line, in characters; more stands in the detail."""

_ROLES = {"ic": "command", "ops": "the operations lead", "deputy": "the deputy's role", "scribe": "the scribe's role"}
_LOOSE = ("text", "title", "what", "words", "chosen", "reason", "basis", "detail", "who", "audience")
_SAID = {
    Kind.HOLD_SET: "held all automatic actions",
    Kind.HOLD_RELEASED: "let automatic actions run again",
    Kind.LANE_RECOVERED: "a write that a crash cut short was set aside; nothing acknowledged is lost",
    Kind.SEGMENT_OPENED: "the journal goes on in another file",
    Kind.EXTERNAL_DRIFT: "changed outside this console",
    Kind.SELF_APPROVED: "approved alone, no second person agreed",
    Kind.APPROVAL_ASKED: "asked a second person to agree",
    Kind.APPROVAL_GIVEN: "agreed",
    Kind.APPROVAL_REFUSED: "did not agree",
    Kind.ALERT_LINKED: "linked alerts",
    Kind.IMPACT_INTERVAL: "noted how long users were hit",
    Kind.ENTRY_AMENDED: "corrected an earlier line",
    Kind.ENTRY_REDACTED: "blacked out an earlier line",
}
"""What entries are called whose kind's name would not tell."""


def one_line(text: str, limit: int = CLAUSE) -> str:
    """Text on one line, blanks folded, control characters visible."""
    return clean(" ".join(text[: 4 * limit].split()), limit)


def took(ms: Millis) -> str:
    """How long something took: ``210 ms``, ``1.2 s``, ``4 m 40``."""
    if ms < 1000:
        return f"{max(0, ms)} ms"
    seconds = ms / 1000
    if seconds < 10:
        return f"{ms // 100 / 10:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(ms // 1000, 60)
    return f"{minutes} m {rest:02}" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def count(number: int, noun: str) -> str:
    """``1 alert``, ``37 alerts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# Lines of single entries.


def line_of(entry: Entry, body: Body | None, names: Sequence[str] = ()) -> TimelineRow:
    """The line of an entry that stands for itself; ``names`` are those of the alerts it speaks of.

    An entry without a known body, or of an unknown kind, becomes a plain line of its kind and first words.
    """
    words = _WORDS.get(type(body))
    if entry.kind in (Kind.DUTY_TAKEN, Kind.DUTY_RELEASED):
        return _duty(entry)
    if body is None or words is None:
        return plain(entry)
    mark = Mark.PERSON if entry.actor.type is ActorType.HUMAN else Mark.FACT
    row = replace(bare(entry, mark), text="")
    return words(entry, body, row, names)


def plain(entry: Entry) -> TimelineRow:
    """A line for an entry whose kind or body has no wording of its own."""
    text = _SAID.get(entry.kind) or str(entry.kind).replace(".", " ").replace("_", " ")
    values = [entry.body.get(name) for name in _LOOSE]
    said = next((value for value in values if isinstance(value, str) and value.strip()), "")
    if entry.body.get("redacted") is True:
        said = "redacted"
    elif entry.body.get("sealed") is True:
        said = "for those who may read it"
    mark = Mark.PERSON if entry.actor.type is ActorType.HUMAN else Mark.SYSTEM
    return replace(bare(entry, mark), text=one_line(f"{text}: {said}" if said else text))


def together(last: TimelineRow, row: TimelineRow) -> TimelineRow | None:
    """Both lines as one where the later says the same, of another host perhaps; ``None`` where it does not."""
    if not row.subject or (row.subject, row.mark, row.who) != (last.subject, last.mark, last.who):
        return None
    if not 0 <= row.at - last.at <= TOGETHER_MS:
        return None
    hosts = [*_hosts(last), *(h for h in _hosts(row) if h not in _hosts(last))]
    named = f"{row.subject} on {', '.join(hosts[:NAMED])}" if hosts else row.subject
    text = named if len(hosts) <= NAMED else f"{named}{_OTHERS}"
    times = last.times + row.times
    detail = (*last.detail, *row.detail)[:40]
    return replace(last, text=one_line(text), result=f"{times} times", detail=detail, times=times)


_OTHERS = " and others"


def _hosts(row: TimelineRow) -> list[str]:
    where = row.text.removeprefix(row.subject).removeprefix(" on ")
    rest = [_OTHERS] if where.endswith(_OTHERS) else []
    return [*filter(None, where.removesuffix(_OTHERS).split(", ")), *rest]


def conflict(entry: Entry, text: str) -> TimelineRow:
    """The line of an entry that came to nothing because another came first."""
    return replace(bare(entry, Mark.CONFLICT), text=one_line(text), result="no effect", tone=Tone.WAIT)


def bare(entry: Entry, mark: Mark) -> TimelineRow:
    """A line without words: when, who, and where it stands in the journal."""
    return TimelineRow(
        key=entry.id,
        at=entry.occurred_at,
        mark=mark,
        who=one_line(entry.actor.id, 64),
        text="",
        detail=(f"entry {entry.id}, chained {entry.hash[:16]}",) if entry.hash else (),
        late=entry.recorded_at - entry.occurred_at > LATE_MS,
    )


def more(row: TimelineRow, *lines: str) -> tuple[str, ...]:
    """The detail of a line with these lines before it, each cleaned."""
    return (*(clean(x, 1000) for text in lines if text for x in text.splitlines()[:40]), *row.detail)


def _declared(entry: Entry, body: Declared, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    how = f"declared {body.severity.label}" if body.severity else "declared"
    taken = ", took command" if body.ic and body.ic == entry.actor.id else ""
    given = f", {one_line(body.ic, 64)} commands" if body.ic and not taken else ""
    detail = more(row, body.title, ", ".join(body.services), count(len(body.alerts), "alert") if body.alerts else "")
    return replace(row, text=one_line(f"{how}{taken}{given}: {body.title}"), detail=detail)


_STATUS_WORDS = {
    Status.INVESTIGATING: "went on investigating",
    Status.IDENTIFIED: "identified the cause",
    Status.MONITORING: "moved to monitoring",
    Status.RESOLVED: "resolved the incident",
    Status.POSTMORTEM: "opened the review",
    Status.CLOSED: "closed the incident",
    Status.FALSE_POSITIVE: "called it a false positive",
    Status.MERGED: "merged it into another incident",
}


def _status(entry: Entry, body: StatusChanged, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    text = _STATUS_WORDS.get(body.after, f"moved to {body.after}")
    if body.after is Status.INVESTIGATING:
        if body.before is Status.TRIAGE:
            text = "began investigating"
        elif not body.before.open:
            text = "reopened the incident"
        else:
            text = "went back to investigating"
    tone = Tone.WAIT if body.warning else Tone.PLAIN
    result = "despite warnings" if body.warning else ""
    return replace(row, text=_because(text, body.reason), result=result, tone=tone, detail=more(row, body.warning))


def _severity(entry: Entry, body: SeverityChanged, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    if body.before is None:
        text = f"set severity to {body.after.label}"
    else:
        verb = "raised" if body.after < body.before else "lowered"
        text = f"{verb} severity from {body.before.label} to {body.after.label}"
    return replace(row, text=_because(text, body.reason))


def _because(text: str, reason: str) -> str:
    return one_line(f"{text}: {reason}" if reason else text)


def _note(entry: Entry, body: NoteAdded, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    text = one_line(body.text)
    return replace(row, text=text, detail=row.detail if text == body.text else more(row, body.text))


def _role(entry: Entry, body: RoleAssigned, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    role = _ROLES.get(body.role, one_line(body.role, 32))
    giver = one_line(body.giver, 64)
    if body.who == entry.actor.id:
        text = f"took {role}" + (f" from {giver}" if giver else "")
    else:
        text = f"gave {role} to {one_line(body.who, 64)}"
    return replace(row, text=_because(text, body.basis if body.basis not in ("vacancy", "declaration") else ""))


def _relieved(entry: Entry, body: RoleRelieved, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    role = _ROLES.get(body.role, one_line(body.role, 32))
    own = body.who == entry.actor.id
    return replace(row, text=f"gave up {role}" if own else f"relieved {one_line(body.who, 64)} of {role}")


def _alerts(entry: Entry, body: AlertsTold, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    detail = more(
        row, *(" ".join(filter(None, (a.name or a.key, a.service, a.host, a.state))) for a in body.alerts[:40])
    )
    row = replace(row, mark=Mark.ALERT if entry.actor.type is not ActorType.HUMAN else Mark.PERSON, detail=detail)
    if entry.kind is Kind.ALERT_LINKED:
        first = _alert_name(body.alerts[0]) if body.alerts else ""
        verb = "linked" if row.mark is Mark.PERSON else ""
        joined = "" if verb else "joined"
        if len(body.alerts) == 1:
            return _on_host(row, " ".join(filter(None, (verb, first, joined))), body.alerts)
        text = " ".join(filter(None, (verb, count(len(body.alerts), "alert"), joined)))
        host = body.alerts[0].host if body.alerts else ""
        where = f" on {one_line(host, 64)}" if host else ""
        return replace(row, text=f"{text}, {first}{where} first" if first else text)
    resolved = [a for a in body.alerts if a.state is AlertState.RESOLVED]
    firing = [a for a in body.alerts if a.state is AlertState.FIRING]
    parts = [_group_of(resolved, "resolved"), _group_of(firing, "fired again")]
    text = "; ".join(filter(None, parts)) or f"{count(len(body.alerts), 'alert')} changed"
    row = replace(row, tone=Tone.GOOD if resolved and not firing else Tone.PLAIN)
    return _on_host(row, text, body.alerts) if len(body.alerts) == 1 else replace(row, text=text)


def _on_host(row: TimelineRow, text: str, alerts: Sequence[AlertFact]) -> TimelineRow:
    """A line about one alert, which may be told together with others that say the same of other hosts."""
    host = one_line(alerts[0].host, 64)
    return replace(row, text=f"{text} on {host}" if host else text, subject=text)


def _alert_name(alert: AlertFact) -> str:
    return one_line(" ".join(filter(None, (alert.service, alert.name or alert.key))), 80)


def _group_of(alerts: Sequence[AlertFact], verb: str) -> str:
    if not alerts:
        return ""
    return f"{_alert_name(alerts[0]) if len(alerts) == 1 else count(len(alerts), 'alert')} {verb}"


def _acked(entry: Entry, body: AlertsAcked, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    what = one_line(names[0], 80) if len(names) == 1 == len(body.keys) else count(len(body.keys), "alert")
    verb = "acknowledged" if entry.kind is Kind.ALERT_ACKED else "took back the acknowledgement of"
    return replace(row, text=_because(f"{verb} {what}", body.note), detail=more(row, *names[:40]))


def _console(entry: Entry, body: ConsoleMoved, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    host = one_line(body.host, 64) or _lane_host(entry)
    here = f" on {host}" if host else ""
    if entry.kind is Kind.CONSOLE_ATTACHED:
        return replace(row, mark=Mark.SYSTEM, text=f"{row.who} joined{here}")
    return replace(row, mark=Mark.SYSTEM, text=_because(f"{row.who} left{here}", body.reason))


def _lane_host(entry: Entry) -> str:
    """The host of the console that wrote the entry; a lane is named ``<host>.<uid>.<slot>``."""
    host = entry.stamp.lane.rsplit(".", 2)
    return one_line(host[0], 64) if len(host) == 3 else ""


def _duty(entry: Entry) -> TimelineRow:
    """Which console does what happens by itself."""
    row, host = bare(entry, Mark.SYSTEM), _lane_host(entry)
    where = f"{row.who}'s console" + (f" on {host}" if host else "")
    verb = "run" if entry.kind is Kind.DUTY_TAKEN else "no longer run"
    return replace(row, text=f"automatic actions {verb} from {where}")


def _runbook(entry: Entry, body: RunbookStarted, row: TimelineRow, names: Sequence[str]) -> TimelineRow:
    shown = ", ".join(f"{name}={value}" for name, value in body.params.items())
    return replace(row, text=one_line(f"started runbook {body.title}"), detail=more(row, shown))


_WORDS: dict[type, Callable[[Entry, Any, TimelineRow, Sequence[str]], TimelineRow]] = {
    Declared: _declared,
    StatusChanged: _status,
    SeverityChanged: _severity,
    NoteAdded: _note,
    RoleAssigned: _role,
    RoleRelieved: _relieved,
    AlertsTold: _alerts,
    AlertsAcked: _acked,
    ConsoleMoved: _console,
    RunbookStarted: _runbook,
}
