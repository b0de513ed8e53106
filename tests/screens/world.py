"""An invented incident, rich enough to fill every screen; all times follow from one moment."""

from __future__ import annotations

from msgspec.structs import replace

from console.model.action import Intent, OperationState, Outcome, Tier, Undo
from console.model.alert import Alert, AlertRow, AlertState, Matcher, Silence
from console.model.custody import fold
from console.model.entry import Actor, Entry, Kind, Stamp
from console.model.group import Group
from console.model.incident import Incident, IncidentLine, LinkedAlert, Mark, Operation, Status, TimelineRow, Tone
from console.model.metric import Curve, Metric, MetricQuery, Rule, Target
from console.model.outbox import EditField, OutboxRow
from console.model.rows import Rows
from console.model.runbook import Run, Runbook, Step, StepState, StepType, StepView
from console.model.severity import Severity
from console.model.snapshot import AlertsView, Due, JournalHealth, Snapshot
from console.model.source import Health, SourceHealth
from console.text import clean

NOW = 1_795_442_759_000
"""Mon 23 Nov 2026 14:05:59 UTC."""
MINUTE = 60_000
START = NOW - 4 * MINUTE
HOSTILE = "[/red]\x1b]0;owned\x07 \u202egnp.exe [@click=app.quit]x[/] \x9b31m " + "A" * 10_000


def at(text: str) -> int:
    """``14:02:05`` on that day, ms."""
    hours, minutes, seconds = map(int, text.split(":"))
    return NOW - NOW % 86_400_000 + ((hours * 60 + minutes) * 60 + seconds) * 1000


def alert(number: int, name: str, service: str, severity: int, **more: object) -> AlertRow:
    made = Alert(
        f"alertmanager/{number:016x}", "alertmanager", f"{number:016x}", name, f"{service} {name}",
        Severity(severity), AlertState.FIRING, START + number * 1000, service=service, cluster="prod-eu-1",
        host=f"web-{number % 7:02}", labels={"alertname": name, "service": service, "severity": "critical"},
        annotations={"summary": f"{service} is over its limit", "runbook_url": "https://runbooks.example/pool"},
        link="https://prometheus.example/graph?g0.expr=pool_in_use",
    )  # fmt: skip
    return AlertRow(replace(made, **more) if more else made, "g1")


SERVICES = ("orders-db", "payments", "checkout", "cart", "storefront")
MEMBERS = tuple(
    alert(n, ("PoolExhausted", "HighLatency", "ErrorRate")[n % 3], SERVICES[n % 5], 1 + n % 3) for n in range(37)
)
ACKED = (
    replace(MEMBERS[5], acked_by="ben", acked_at=NOW - MINUTE),
    replace(MEMBERS[6], alert=replace(MEMBERS[6].alert, silenced_by=("s1",))),
)


def group(key: str, title: str, severity: int, firing: int, minutes: int, **more: object) -> Group:
    made = Group(
        key, title, Severity(severity), "", firing, firing, 0, 0, 0, (), ("prod-eu-1",), 1, NOW - minutes * MINUTE,
        NOW - 5000, (),
    )  # fmt: skip
    return replace(made, **more)


PAYMENTS = group(
    "g1", "payments failing at checkout", 1, 37, 4, root="orders-db pool exhausted", joined=12, services=SERVICES,
    hosts=7, members=Rows.of((*MEMBERS[:5], *ACKED, *MEMBERS[7:])),
    why=("orders-db is called by all four others", "all began within 31 s of orders-db", "one cluster, prod-eu-1"),
)  # fmt: skip
WAREHOUSE = group(
    "g2", "warehouse disk filling on h4", 2, 20, 9, root="warehouse DiskWillFill",
    services=("warehouse", "etl", "reports"), acked=3,
)  # fmt: skip
ALERTS = AlertsView(
    major=Rows.of((PAYMENTS, WAREHOUSE)),
    minor=Rows.of((
        group("g3", "search latency, eu only", 3, 4, 12), group("g4", "TLS certificate expires in 20 d", 4, 1, 300),
    )),
    loose=Rows.of(tuple(
        group(f"l{n}", title, 4, 1, 40 + n, attributed=False)
        for n, title in enumerate(("cpu steal web-07", "backup job late", "flapping  node exporter web-11"))
    )),
    flat=PAYMENTS.members, firing=59, total=61, matching=61,
)  # fmt: skip

_Line = tuple[str, Mark, str, str, str, Tone]
_LINES: tuple[_Line, ...] = (
    ("14:02:05", Mark.FACT, "", "onset  payments p99 0.3 → 2.4 s", "", Tone.PLAIN),
    ("14:02:11", Mark.ALERT, "", "5 alerts joined, orders-db first", "", Tone.PLAIN),
    ("14:02:40", Mark.PERSON, "ana", "declared SEV1, took command", "", Tone.PLAIN),
    ("14:02:44", Mark.ACTION, "ana", "silence 20 alerts of warehouse for 1 h", "210 ms", Tone.GOOD),
    ("14:02:46", Mark.ACTION, "ana", "acknowledge 37 alerts", "", Tone.GOOD),
    ("14:02:51", Mark.ACTION, "ana", "page the database on-call", "waiting, 503", Tone.WAIT),
    ("14:03:30", Mark.CHANGE, "", "deploy checkout v812, 11 min before onset", "", Tone.PLAIN),
    ("14:04:12", Mark.PERSON, "ben", "hypothesis: pool leak in v812", "open", Tone.PLAIN),
    ("14:05:02", Mark.PERSON, "ana", "decided to roll back; no objection", "", Tone.PLAIN),
    ("14:05:20", Mark.ACTION, "ana", "freeze the pipeline", "exit 1", Tone.BAD),
)
TIMELINE = Rows.of(tuple(
    TimelineRow(
        f"l1:{n}", at(time), mark, who, text, result, tone,
        ("call: POST /api/v2/silences", "target: alertmanager", f"hash: {n:064x}"),
        operation="op-1" if n == 3 else "",
    )
    for n, (time, mark, who, text, result, tone) in enumerate(_LINES)
))  # fmt: skip

_K, _C, _M = StepType.CHECK, StepType.COMMAND, StepType.MANUAL
_ROLLOUT = ("kubectl", "--context=prod-eu-1", "rollout", "undo", "deploy/checkout", "--to-revision=811")
_STEPS = (
    StepView(Step("s1", _K, "onset follows the rollout"), 1, StepState.DONE, took_ms=1200),
    StepView(Step("s2", _M, "decide to roll back"), 2, StepState.DONE, by="ana", result="ana"),
    StepView(Step("s3", _C, "freeze the pipeline", Tier.R1), 3, StepState.DONE, result="exit 0",
        undoable=True, operation_id="op-2"),
    StepView(Step("s4", _C, "keep logs of bad pods"), 4, StepState.DONE, result="3 files"),
    StepView(
        Step("s5", _C, "deploy/checkout to rev 811", Tier.R2, undo_text="rev 812", argv=_ROLLOUT), 5,
        shows="kubectl --context=prod-eu-1 rollout undo deploy/checkout --to-revision=811",
    ),
    StepView(Step("s6", _K, "error rate below 1 % for 10 min"), 6),
    StepView(Step("s7", _M, "tell customers"), 7),
    StepView(Step("s8", _K, "queues, caches, retries are calm"), 8),
    StepView(Step("s9", _M, "keep the freeze until fixed"), 9),
    StepView(Step("s10", _M, "write the review"), 10),
)  # fmt: skip
RUN = Run("run-1", "rollback", "Deployment regression rollback", _STEPS, {}, at("14:03:00"), "ana")

_SENT = Operation(
    Intent("op-1", "alert.silence", "silence 20 alerts of warehouse for 1 h", "POST /api/v2/silences", "alertmanager",
        Tier.R2),
    OperationState.SENT, at("14:02:44"), "ana", "l1",
    Outcome(
        "op-1", OperationState.SENT, 210,
        undo=Undo("silence.expire", {"silence": "alertmanager/s1"}, "expire the silence"),
    ),
)  # fmt: skip
_WAITING = Operation(
    Intent("op-3", "page.send", "page the database on-call", "POST /enqueue", "pager", Tier.R2),
    OperationState.QUEUED, at("14:02:51"), "ana", "l1",
)  # fmt: skip

INCIDENT = Incident(
    "INC-0042", "payments failing at checkout", Severity.SEV1, Severity.SEV1, Status.INVESTIGATING,
    ("payments", "checkout"), ic="ana", roles={"ic": "ana", "ops": "ben"}, started_at=at("14:02:05"),
    declared_at=at("14:02:40"), status_at=at("14:02:40"),
    runs=(RUN,), operations={"op-1": _SENT, "op-3": _WAITING}, entries=23, timeline=TIMELINE, root="payments",
    linked={m.key: LinkedAlert(m.key, m.alert.name, m.alert.service, AlertState.FIRING, NOW) for m in MEMBERS[:5]},
)  # fmt: skip
LINES = (
    IncidentLine("INC-0042", INCIDENT.title, Severity.SEV1, Status.INVESTIGATING, "ana", at("14:02:40"), 0, 23, 5),
    IncidentLine("INC-0041", "search slow in eu", Severity.SEV3, Status.MONITORING, "", NOW - 90 * MINUTE, 0, 41),
    IncidentLine(
        "INC-0040", "login loops after the certificate change", Severity.SEV2, Status.RESOLVED, "ben",
        NOW - 3000 * MINUTE, NOW - 2930 * MINUTE, 118,
    ),
)  # fmt: skip


def metric(key: str, title: str, unit: str, low: float, high: float, **more: object) -> Metric:
    """A curve that leaves ``low`` for ``high`` where the incident began."""
    bend = 40
    values = tuple(low if n < bend else low + (high - low) * min(1.0, (n - bend) / 8) for n in range(60))
    curve = Curve(NOW - 15 * MINUTE, 15_000, values)
    query = MetricQuery(key, title, "prometheus", f"sum(rate({key}[1m]))", unit, service=str(more.pop("service", "")))
    query = replace(query, limit=more.pop("limit", None))
    return Metric(query, curve, fresh_at=NOW - 8000, usual=low, **more)  # type: ignore[arg-type]


METRICS = (
    metric("errors", "error rate checkout", "%", 0.002, 0.123, limit=0.01, breached=True,
           onset_at=at("14:02:05"), service="checkout"),
    metric("p99", "p99 payments", "s", 0.3, 2.4, limit=0.5, breached=True, onset_at=at("14:02:05"), service="payments"),
    metric("pool", "pool orders-db", "%", 0.35, 1.0, onset_at=at("14:02:00"), service="orders-db"),
    metric("orders", "orders/s storefront", "/s", 118.0, 41.0),
    metric("cpu", "cpu checkout", "%", 0.38, 0.38),
    Metric(MetricQuery("disk", "disk warehouse h4", "prometheus", "node_filesystem", "%"), error="no data since 14:01"),
)  # fmt: skip

SILENCES = (
    Silence(
        "s1", "alertmanager", (Matcher("service", "warehouse"), Matcher("alertname", "Disk.*", is_regex=True)),
        at("14:02:44"), NOW + 56 * MINUTE, "ana", "INC-0042: disk is known, being cleaned",
    ),
    Silence("s2", "alertmanager", (Matcher("host", "web-07"),), NOW - 60 * MINUTE, NOW + 4 * MINUTE, "ben", "reboot"),
)  # fmt: skip
SOURCES = (
    SourceHealth("alertmanager", "alertmanager", Health.OK, "", NOW - 3000, 5000, 40, serves=("alerts", "silences")),
    SourceHealth("prometheus", "prometheus", Health.OK, "", NOW - 8000, 5000, 120, serves=("metrics", "targets")),
    SourceHealth(
        "datadog", "datadog", Health.FAILING, "no answer in 10 s: see its status page", NOW - 130_000, 15_000, 9800, 4,
        NOW + 20_000, ("alerts",),
    ),
)  # fmt: skip
BOOKS = (
    Runbook(
        "rollback", "Deployment regression rollback", "3", tuple(v.step for v in _STEPS), services=("checkout",),
        owner="checkout", params={"service": ""}, path="runbooks/rollback.yaml",
    ),
    Runbook(
        "disk", "Disk filling", "1", tuple(v.step for v in _STEPS[:3]), owner="platform",
        exit_criteria=("disk below 80 %",),
    ),
)  # fmt: skip
TARGETS = (Target("node", "h4:9100", False, "connection refused", NOW), Target("api", "web-01:8080", True, "", NOW))
RULES = (Rule("PoolExhausted", "db", "pool_in_use > 0.95", "critical", 60.0, "firing", "ok"),)
FIELDS = (
    EditField("duration", "for how long, from when it is sent", "1h", duration=True),
    EditField("comment", "why, for those who find it", "the pool leaks (ana, INC-0042)"),
)
OUTBOX = (
    OutboxRow("INC-0042", Operation(
        Intent("op-8", "step.run", "roll back deploy/checkout to rev 811", "kubectl rollout undo deploy/checkout",
               "deploy/checkout", Tier.R2), OperationState.UNKNOWN, NOW - 4 * MINUTE, "ana", "bastion.1000.0",
        Outcome("op-8", OperationState.UNKNOWN, 30_000, "no answer in 30 s")), False),
    OutboxRow("INC-0042", Operation(
        Intent("op-9", "alert.silence", "silence 37 alerts of payments for 1 h", "POST /api/v2/silences",
               "alertmanager", Tier.R2, effect="silence.set", ttl_s=300), OperationState.QUEUED, NOW - 40_000, "ana",
        "bastion.1000.0", why="alertmanager does not answer", again_at=NOW + 20_000, until=NOW + 260_000), True,
        FIELDS),
    OutboxRow("", Operation(
        Intent("op-7", "alert.silence", "silence 2 alerts of web-07 for 15 min", "POST /api/v2/silences",
               "alertmanager", Tier.R2, effect="silence.set"), OperationState.FAILED, NOW - 9 * MINUTE, "ben",
        "bastion.1001.0", Outcome("op-7", OperationState.FAILED, 40, "400: end lies before start")), False),
)  # fmt: skip
DUE = (Due("u", "update", NOW + 406_000), Due("g", "GDPR", NOW + 71 * 3_600_000 + 36 * MINUTE))
JOURNAL = JournalHealth(True, "", 2, 23, True)

LOBBY = Snapshot(
    7, NOW, "ana", sources=SOURCES, alerts=ALERTS, incidents=LINES, metrics=METRICS, runbooks=BOOKS, journal=JOURNAL,
    silences=SILENCES,
)  # fmt: skip
ROOM = replace(LOBBY, incident=INCIDENT, due=DUE, targets=TARGETS, rules=RULES, outbox=OUTBOX, version=8)
CALM = Snapshot(3, NOW, "ana", sources=SOURCES[:2], journal=JOURNAL, runbooks=BOOKS)


def _evidence() -> dict[str, object]:
    """Three pieces: a sound one that was read again, a tainted one, one under a legal hold with a hostile title."""
    told: list[tuple[Kind, str, dict[str, object]]] = []
    for number, (title, type, size, source) in enumerate((
        ("output of step 4: keep logs of bad pods", "log", 48_213, "bastion-1"),
        ("2 alerts of payments failing at checkout", "log", 3_120, "alertmanager"),
        (f"the screen {HOSTILE[:60]}", "screenshot", 1_204_000, "bastion-1"),
    ), 1):  # fmt: skip
        item, digest = f"E-{number:04}", f"{number:x}" * 64
        told += [
            (Kind.EVIDENCE_COLLECTED, "ana", {
                "item": item, "title": clean(title), "type": type, "source_system": source, "size": size,
                "source_identifier": "op-4",
                "command": ["kubectl", "logs", "-l", "app=checkout"] if number == 1 else [],
                "method": "live", "tool": "warroom 0.1.0", "blobs": [digest], "storage_uri": f"blobs/{digest}",
                "tlp": "AMBER", "notes": "exit 0; the last 5,000 lines: 12,345 before them were not kept",
            }),
            (Kind.EVIDENCE_HASHED, "ana", {"item": item, "digest": digest, "size": size, "blobs": [digest]}),
        ]  # fmt: skip
    told += [
        (Kind.EVIDENCE_VERIFIED, "ben", {"item": "E-0001", "digest": "1" * 64, "by": "ben"}),
        (Kind.EVIDENCE_VERIFIED, "ben", {"item": "E-0002", "digest": "f" * 64, "by": "ben"}),
        (Kind.LEGAL_HOLD_SET, "lea", {"items": ["E-0003"], "reason": "counsel asked"}),
    ]
    entries = [
        Entry(f"l1:{n}", "INC-0042", kind, Stamp(NOW, n, "l1", n), NOW - (60 - n) * 9000, NOW, Actor(who), body)
        for n, (kind, who, body) in enumerate(told, 30)
    ]
    return {"evidence": fold(entries)}


FILED = replace(ROOM, incident=replace(INCIDENT, **_evidence()), version=9)
