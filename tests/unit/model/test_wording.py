from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.model.action import Intent, OperationState, Outcome, Tier
from console.model.bodies import body_of
from console.model.entry import Actor, ActorType, Entry, Kind, Stamp
from console.model.incident import Mark, Operation, TimelineRow, Tone
from console.model.outcome_wording import operation_line, result_of, with_operation
from console.model.past import past
from console.model.wording import line_of, plain, together, took

ANA = Actor("ana")
SOURCE = Actor("alerts", ActorType.ALERT)


def entry(kind: Kind, body: dict[str, object], actor: Actor = ANA) -> Entry:
    stamp = Stamp(1, 0, "bastion.1000.a", 1)
    return Entry("a:1", "INC-0001", kind, stamp, 1, 1, actor, body, hash="ab" * 32)


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (Kind.INCIDENT_DECLARED, {"title": "x", "severity": 1, "ic": "ben"}, "declared SEV1, ben commands: x"),
        (Kind.INCIDENT_DECLARED, {"title": "x"}, "declared: x"),
        (Kind.STATUS_CHANGED, {"from": "triage", "to": "investigating"}, "began investigating"),
        (Kind.STATUS_CHANGED, {"from": "monitoring", "to": "investigating"}, "went back to investigating"),
        (Kind.STATUS_CHANGED, {"from": "monitoring", "to": "resolved"}, "resolved the incident"),
        (Kind.SEVERITY_CHANGED, {"to": 2}, "set severity to SEV2"),
        (Kind.ROLE_ASSIGNED, {"role": "ic", "who": "ana", "basis": "vacancy"}, "took command"),
        (Kind.ROLE_ASSIGNED, {"role": "ops", "who": "ben"}, "gave the operations lead to ben"),
        (Kind.ALERT_LINKED, {"alerts": [{"key": "am/1", "name": "Pool"}]}, "linked Pool"),
        (Kind.ALERT_LINKED, {"alerts": [{"key": "am/1", "name": "Pool", "host": "h4"}]}, "linked Pool on h4"),
        (Kind.ALERT_ACKED, {"keys": ["am/1"]}, "acknowledged 1 alert"),
        (Kind.ALERT_UNACKED, {"keys": ["am/1", "am/2"]}, "took back the acknowledgement of 2 alerts"),
        (Kind.CONSOLE_ATTACHED, {"host": "jump"}, "ana joined on jump"),
        (Kind.CONSOLE_ATTACHED, {"user": "ana"}, "ana joined on bastion"),
        (Kind.CONSOLE_DETACHED, {"reason": "quit"}, "ana left on bastion: quit"),
        (Kind.HYPOTHESIS_OPENED, {"text": "pool leak in v812"}, "hypothesis opened: pool leak in v812"),
        (Kind.DUTY_TAKEN, {"lane": "x"}, "automatic actions run from ana's console on bastion"),
        (Kind.DUTY_RELEASED, {}, "automatic actions no longer run from ana's console on bastion"),
        (Kind.HOLD_SET, {}, "held all automatic actions"),
        (
            Kind.SELF_APPROVED,
            {"operation_id": "o", "words": "delete the bad pods", "tier": 3},
            "approved alone, no second person agreed: delete the bad pods",
        ),
        (
            Kind.LANE_RECOVERED,
            {"bytes": 3},
            "a write that a crash cut short was set aside; nothing acknowledged is lost",
        ),
    ],
)
def test_an_entry_reads_as_a_scribe_would_write_it(kind: Kind, body: dict[str, object], text: str):
    told = entry(kind, body)
    row = line_of(told, body_of(told))
    assert row.text == text
    assert row.who == "ana"
    assert row.detail[-1] == "entry a:1, chained abababababababab"


def test_alerts_tell_what_they_do():
    facts = [
        {"key": f"am/{n}", "name": "Pool", "service": "db", "state": s} for n, s in enumerate(["resolved", "firing"])
    ]
    told = entry(Kind.ALERT_RECEIVED, {"alerts": facts}, Actor("alerts", ActorType.ALERT))
    row = line_of(told, body_of(told))
    assert (row.mark, row.text, row.tone) == (Mark.ALERT, "db Pool resolved; db Pool fired again", Tone.PLAIN)


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("silence 37 alerts for 2 h", "silenced 37 alerts for 2 h"),
        ("run step 5", "ran step 5"),
        ("Apply the patch", "Applied the patch"),
        ("deploy v811", "deployed v811"),
        ("un-acknowledge 2 alerts", "un-acknowledged 2 alerts"),
        ("Slack #inc-0042", "Slack #inc-0042"),
        ("", ""),
    ],
)
def test_what_was_intended_becomes_past_when_done(words: str, done: str):
    assert past(words) == done


@pytest.mark.parametrize(
    ("state", "detail", "shown"),
    [
        (OperationState.QUEUED, "", ("waiting", Tone.WAIT)),
        (OperationState.QUEUED, "503", ("waiting, 503", Tone.WAIT)),
        (OperationState.SENDING, "", ("sending", Tone.WAIT)),
        (OperationState.SENT, "", ("1.2 s", Tone.GOOD)),
        (OperationState.SENT, "exit 0", ("exit 0", Tone.GOOD)),
        (OperationState.FAILED, "", ("failed", Tone.BAD)),
        (OperationState.UNKNOWN, "no answer", ("outcome unknown, no answer", Tone.BAD)),
        (OperationState.DROPPED, "withdrawn", ("not sent, withdrawn", Tone.PLAIN)),
    ],
)
def test_the_right_edge_tells_how_it_went(state: OperationState, detail: str, shown: tuple[str, Tone]):
    intent = Intent("op-1", "alert.silence", "silence", "", "am", Tier.R2)
    outcome = Outcome("op-1", state, 1234, detail)
    assert result_of(Operation(intent, state, 0, "ana", "a", outcome, why=detail)) == shown


def test_durations_are_short():
    assert [took(ms) for ms in (-5, 0, 210, 1234, 12_000, 280_000, 7_500_000)] == [
        "0 ms", "0 ms", "210 ms", "1.2 s", "12 s", "4 m 40", "2 h 05",
    ]  # fmt: skip


def joined(host: str, name: str = "Pool", at: int = 1, actor: Actor = SOURCE) -> TimelineRow:
    body = {"alerts": [{"key": f"am/{host}{name}", "name": name, "service": "payments", "host": host}]}
    told = replace(entry(Kind.ALERT_LINKED, body, actor), occurred_at=at, recorded_at=at)
    return line_of(told, body_of(told))


def test_lines_that_say_the_same_of_other_hosts_are_one_line():
    row = joined("h1")
    assert row.text == "payments Pool joined on h1"
    for number, host in enumerate(("h2", "h1", "h3", "h4", "h5"), 2):
        both = together(row, joined(host, at=number * 1000))
        assert both is not None
        row = both
        assert row.result == f"{number} times"
    assert row.text == "payments Pool joined on h1, h2, h3 and others"
    assert (row.at, row.times) == (1, 6)
    assert sum(line.startswith("Pool payments") for line in row.detail) == 6


@pytest.mark.parametrize(
    "other", [joined("h2", "Disk"), joined("h2", at=400_000), joined("h2", actor=ANA), plain(entry(Kind.HOLD_SET, {}))]
)
def test_lines_that_say_something_else_stand_alone(other: TimelineRow):
    assert together(joined("h1"), other) is None


def test_a_result_too_long_for_its_line_stands_in_the_detail():
    long = "refused by alertmanager: 403, the token of this console may not create silences for this team"
    operation = Operation(
        Intent("o", "a", "silence", "POST", "am", Tier.R2), OperationState.FAILED, 1, "ana", "l",
        Outcome("o", OperationState.FAILED, detail=long),
    )  # fmt: skip
    row = with_operation(operation_line(entry(Kind.ACTION_INTENDED, {}), operation.intent), operation, "silence")
    assert row.result.endswith("…")
    assert f"outcome: {long}" in row.detail
    assert with_operation(row, operation, "silence").detail.count(f"outcome: {long}") == 1
