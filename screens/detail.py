"""Everything that is known of a row, in words; for details beside a list and for copying."""

from __future__ import annotations

from functools import singledispatch

from console.model.action import OperationState
from console.model.alert import AlertRow, Silence
from console.model.group import Group
from console.model.incident import Incident, IncidentLine, TimelineRow
from console.model.metric import Metric, Rule, Target
from console.model.outbox import OutboxRow
from console.model.runbook import StepView
from console.model.snapshot import Snapshot
from console.model.source import SourceHealth
from screens.facts import Fact, FactLine
from widgets import palette, words

MEMBERS = 12


def moment(at: int, now: int) -> str:
    """``14:02:05 +01:00, 4 m ago``; with the date where it is another day."""
    if at <= 0:
        return "unknown"
    age = words.age(at, now)
    ago = "" if now <= at else ", just now" if age == "now" else f", {age} ago"
    day = "" if words.date(at) == words.date(now) else f"{words.date(at)} "
    return f"{day}{words.clock(at)} {words.offset(at)}{ago}"


@singledispatch
def detail(row: object, snapshot: Snapshot, now: int) -> list[Fact]:
    """What is known of a row."""
    return []


@detail.register
def _alert(row: AlertRow, snapshot: Snapshot, now: int) -> list[Fact]:
    alert = row.alert
    colour = palette.severity(alert.severity)
    out = [
        Fact("", alert.summary or alert.name, "text bold"),
        Fact("severity", f"{alert.severity.label} {alert.severity.word}, {alert.state}", colour),
        Fact("alert", alert.name if alert.labels.get("alertname") else f"{alert.name}: its source gave it no name"),
        Fact("since", moment(alert.started_at, now)),
    ]
    if alert.ended_at:
        out.append(Fact("ended", moment(alert.ended_at, now), "good"))
    places = (("service", alert.service), ("cluster", alert.cluster), ("host", alert.host), ("pod", alert.pod))
    out += [Fact(label, text) for label, text in places if text]
    if row.acked_by:
        out.append(Fact("acked", f"by {row.acked_by}, {moment(row.acked_at, now)}", "good"))
    out += _mutes(row, snapshot, now)
    if alert.link:
        out.append(Fact("link", alert.link, "accent"))
    out.append(Fact("source", f"{alert.source}, {alert.vendor_id}", "grey"))
    if not alert.labels:
        out.append(Fact("labels", "none: its source gave this alert no label at all", "wait"))
    for title, pairs in (("notes", alert.annotations), ("labels", alert.labels)):
        if pairs:
            out.append(Fact("", title, "label bold"))
            out += [Fact("", f"{name} = {value}", "text") for name, value in sorted(pairs.items())]
    return out


def _mutes(row: AlertRow, snapshot: Snapshot, now: int) -> list[Fact]:
    known = {s.id: s for s in snapshot.silences if s.source == row.alert.source}
    out = []
    for id in row.alert.silenced_by:
        silence = known.get(id)
        told = f"{silence.created_by}: {silence.comment}; ends {words.clock(silence.ends_at)}" if silence else id
        out.append(Fact("silenced", told, "wait"))
    if row.alert.inhibited:
        out.append(Fact("muted", "inhibited by another alert at its source", "wait"))
    return out


@detail.register
def _group(row: Group, snapshot: Snapshot, now: int) -> list[Fact]:
    out = [
        Fact("", row.title, "text bold"),
        Fact("severity", f"{row.severity.label} {row.severity.word}", palette.severity(row.severity)),
        Fact("alerts", f"{row.firing} firing of {row.total}, {row.acked} acknowledged, {row.muted} muted"),
    ]
    if row.root:
        out.append(Fact("root", row.root, "text bold"))
    if row.joined:
        out.append(Fact("joined", f"{row.joined} since you last looked", palette.severity(row.severity)))
    out += [
        Fact("since", moment(row.started_at, now)),
        Fact("changed", moment(row.changed_at, now)),
        Fact("services", ", ".join(row.services) or "none named"),
    ]
    if row.clusters:
        out.append(Fact("clusters", ", ".join(row.clusters)))
    if row.incident:
        out.append(Fact("incident", row.incident, "accent"))
    out += [Fact("why" if n == 0 else "", text) for n, text in enumerate(row.why)]
    if row.members:
        out.append(Fact("", "members", "label bold"))
    for member in row.members[:MEMBERS]:
        alert = member.alert
        where = f"{alert.service or alert.host}: " if alert.service or alert.host else ""
        out.append(
            Fact(alert.severity.label, f"{where}{alert.summary or alert.name}", "text" if alert.firing else "grey")
        )
    if len(row.members) > MEMBERS:
        out.append(Fact("", f"{len(row.members) - MEMBERS} more", "grey"))
    return out


@detail.register
def _effect(row: OutboxRow, snapshot: Snapshot, now: int) -> list[Fact]:
    operation, intent = row.operation, row.operation.intent
    out = [
        Fact("", intent.words, "text bold"),
        Fact("state", str(operation.state), "wait"),
        Fact("asked", f"by {operation.by}, {moment(operation.at, now)}"),
        Fact("journal", row.incident or "watch"),
    ]
    if operation.why:
        out.append(Fact("why", operation.why, "wait"))
    if operation.again_at and row.state is OperationState.QUEUED:
        out.append(Fact("next try", moment(operation.again_at, now)))
        out.append(Fact("given up", moment(operation.until, now)))
    if operation.outcome is not None and operation.outcome.detail:
        out.append(Fact("result", operation.outcome.detail, "sev1"))
    out += [Fact("call", intent.call), Fact("target", intent.target), Fact("risk", intent.tier.label)]
    return [*out, Fact("operation", operation.key, "grey"), Fact("lane", operation.lane, "grey")]


@detail.register
def _entry(row: TimelineRow, snapshot: Snapshot, now: int) -> list[Fact]:
    out = [
        Fact("", row.text, "text bold"),
        Fact("when", moment(row.at, now)),
        Fact("who", row.who, "person") if row.who else Fact("what", str(row.mark)),
    ]
    if row.result:
        out.append(Fact("result", row.result, palette.result(row.tone)))
    if row.late:
        out.append(Fact("late", "written down over five minutes after it happened", "wait"))
    for text in row.detail:
        label, colon, rest = text.partition(": ")
        named = bool(colon) and len(label) <= 9 and " " not in label
        out.append(Fact(label if named else "", rest if named else text, "label"))
    return [*out, Fact("entry", row.key, "grey")]


@detail.register
def _step(row: StepView, snapshot: Snapshot, now: int) -> list[Fact]:
    step = row.step
    out = [
        Fact("", f"{row.number} {step.title}", "text bold"),
        Fact("kind", f"{step.type}, {step.tier.label}" + ("" if step.required else ", may be skipped")),
        Fact("state", f"{str(row.state).replace('todo', 'to do')}{': ' + row.result if row.result else ''}"),
    ]
    if step.text:
        out.append(Fact("text", step.text))
    if row.shows:
        out.append(Fact("does", row.shows, "label"))
    if step.undo or step.undo_text:
        out.append(Fact("way back", step.undo_text or " ".join(step.undo), "good"))
    if row.at:
        took = f", took {words.duration(row.took_ms)}" if row.took_ms else ""
        out.append(Fact("ran", f"{moment(row.at, now)}{f' by {row.by}' if row.by else ''}{took}"))
    if step.type != "manual":
        out.append(Fact("time-out", words.duration(round(step.timeout_s * 1000)), "grey"))
    if row.output:
        out.append(Fact("", "output", "label bold"))
        out += [Fact("", text, "text") for text in row.output]
    return out


@detail.register
def _metric(row: Metric, snapshot: Snapshot, now: int) -> list[Fact]:
    query, curve = row.query, row.curve
    last = words.quantity(curve.last, query.unit) if curve else "no data"
    out = [Fact("", query.title, "text bold"), Fact("last", last, "sev1" if row.breached else "text")]
    if query.limit is not None:
        side = "at most" if query.above else "at least"
        out.append(
            Fact("limit", f"{side} {words.quantity(query.limit, query.unit)}", "sev1" if row.breached else "text")
        )
    if row.usual is not None:
        out.append(Fact("usual", words.quantity(row.usual, query.unit)))
    if row.onset_at:
        out.append(Fact("onset", moment(row.onset_at, now), "sev2"))
    if row.error:
        out.append(Fact("error", row.error, "wait"))
    out += [Fact("fresh", moment(row.fresh_at, now)), Fact("source", query.source), Fact("query", query.expr, "label")]
    return out


@detail.register
def _silence(row: Silence, snapshot: Snapshot, now: int) -> list[Fact]:
    out = [Fact("mutes" if n == 0 else "", str(m), "text bold") for n, m in enumerate(row.matchers)]
    return [
        *out,
        Fact("why", row.comment or "no reason given", "text" if row.comment else "wait"),
        Fact("who", row.created_by or "unknown", "person"),
        Fact("from", moment(row.starts_at, now)),
        Fact("until", moment(row.ends_at, now)),
        Fact("state", row.state),
        Fact("silence", row.key, "grey"),
    ]


@detail.register
def _source(row: SourceHealth, snapshot: Snapshot, now: int) -> list[Fact]:
    out = [
        Fact("", row.name if row.name == row.type else f"{row.name}, {row.type}", "text bold"),
        Fact("health", f"{row.health}{': ' + row.detail if row.detail else ''}", "wait" if row.failures else "text"),
        Fact("answered", moment(row.fresh_at, now), "wait" if row.stale(now) else "text"),
        Fact("takes", f"{words.duration(row.latency_ms)}, asked every {words.duration(row.interval_ms)}"),
        Fact("serves", ", ".join(row.serves) or "nothing yet"),
    ]
    if row.failures:
        out.append(Fact("failed", f"{row.failures} times in a row", "sev1"))
    if row.retry_at > now:
        out.append(Fact("again in", words.duration((row.retry_at - now) // 5000 * 5000)))
    return out


@detail.register
def _line(row: IncidentLine, snapshot: Snapshot, now: int) -> list[Fact]:
    severity = row.severity.label if row.severity else "no severity"
    out = [
        Fact("", f"{row.key} {row.title}", "text bold"),
        Fact("severity", severity, palette.severity(row.severity)),
        Fact("state", str(row.status)),
        Fact("command", row.ic or "nobody", "person" if row.ic else "wait"),
        Fact("declared", moment(row.declared_at, now)),
    ]
    if row.resolved_at:
        out.append(Fact("resolved", moment(row.resolved_at, now), "good"))
    return [*out, Fact("entries", f"{row.entries}, {row.unseen} unseen" if row.unseen else str(row.entries))]


@detail.register
def _target(row: Target, snapshot: Snapshot, now: int) -> list[Fact]:
    return [Fact("", f"{row.job} {row.instance}", "text bold"), Fact("error", row.error or "none")]


@detail.register
def _rule(row: Rule, snapshot: Snapshot, now: int) -> list[Fact]:
    return [Fact("", row.name, "text bold"), Fact("query", row.expr, "label"), Fact("error", row.error or "none")]


def incident_facts(incident: Incident, snapshot: Snapshot, now: int) -> list[Fact]:
    """The incident as a whole, for the third column."""
    out = [
        Fact("command", incident.ic or "nobody commands", "person" if incident.ic else "wait"),
        *(Fact(role, who, "person") for role, who in sorted(incident.roles.items()) if role != "ic"),
        Fact("services", ", ".join(incident.services) or "none named"),
        Fact("onset", moment(incident.started_at, now)),
        Fact("declared", moment(incident.declared_at, now)),
        Fact("linked", f"{words.count(len(incident.linked), 'alert')}, {_firing(incident)} firing"),
    ]
    out += [
        Fact("due", f"{d.text} {_when(d.at, now)}", "sev1" if d.overdue or d.at < now else "wait") for d in snapshot.due
    ]
    out += [Fact("unknown", f"{o.intent.words}: nobody knows whether it happened", "sev1") for o in incident.unknown]
    out += [Fact("conflict", text, "wait") for text in incident.conflicts]
    if incident.evidence.items:
        tainted = len(incident.evidence.tainted)
        told = f"{words.count(len(incident.evidence.items), 'item')}{f', {tainted} tainted' if tainted else ''}"
        out.append(Fact("evidence", told, "sev1" if tainted else "text"))
    chained = "chained, verified" if snapshot.journal.verified else "not verified"
    return [
        *out,
        Fact("journal", f"{snapshot.journal.entries} entries in {snapshot.journal.lanes} lanes, {chained}", "grey"),
        *([Fact("anchors", snapshot.journal.note, "wait")] if snapshot.journal.note else []),
    ]


def _when(at: int, now: int) -> str:
    """``in 6 m`` or ``over since 4 m``: without seconds, which the header counts."""
    return f"over since {words.age(at, now)}" if at < now else f"in {words.age(now, at)}".replace("in now", "now")


def plain(row: object) -> str:
    """A row as text for the clipboard."""
    if isinstance(row, FactLine):
        return row.whole or row.text
    if isinstance(row, AlertRow):
        labels = ", ".join(f"{k}={v}" for k, v in sorted(row.alert.labels.items()))
        return f"{row.alert.severity.label} {row.alert.summary or row.alert.name} {{{labels}}} {row.alert.link}".strip()
    if isinstance(row, TimelineRow):
        return f"{words.clock(row.at)} {row.who} {row.text} {row.result}".strip()
    facts = detail(row, Snapshot(), 0)
    return facts[0].text if facts else str(getattr(row, "key", ""))


def _firing(incident: Incident) -> int:
    return sum(alert.state == "firing" for alert in incident.linked.values())
