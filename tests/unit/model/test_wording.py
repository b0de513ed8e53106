from __future__ import annotations

import pytest

from console.model.action import Intent, OperationState, Outcome, Tier
from console.model.bodies import body_of
from console.model.entry import Actor, ActorType, Entry, Kind, Stamp
from console.model.incident import Mark, Operation, Tone
from console.model.past import past
from console.model.wording import line_of, result_of, took

ANA = Actor("ana")


def entry(kind: Kind, body: dict[str, object], actor: Actor = ANA) -> Entry:
    return Entry("a:1", "INC-0001", kind, Stamp(1, 0, "a", 1), 1, 1, actor, body, hash="ab" * 32)


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
        (Kind.ALERT_ACKED, {"keys": ["am/1"]}, "acknowledged 1 alert"),
        (Kind.ALERT_UNACKED, {"keys": ["am/1", "am/2"]}, "took back the acknowledgement of 2 alerts"),
        (Kind.CONSOLE_ATTACHED, {"host": "bastion"}, "ana joined on bastion"),
        (Kind.CONSOLE_DETACHED, {"reason": "quit"}, "ana left: quit"),
        (Kind.HYPOTHESIS_OPENED, {"text": "pool leak in v812"}, "hypothesis opened: pool leak in v812"),
        (Kind.DUTY_TAKEN, {"lane": "x"}, "duty taken"),
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
        (OperationState.UNKNOWN, "no answer", ("unknown, no answer", Tone.BAD)),
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
