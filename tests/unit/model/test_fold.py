from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model import fold as fold_module
from console.model.action import OperationState
from console.model.alert import AlertState
from console.model.bodies import BODIES
from console.model.entry import Actor, ActorType, Entry, Kind, Stamp
from console.model.fold import Fold, line
from console.model.incident import Incident, Mark, Status, Tone
from console.model.runbook import StepState
from console.model.severity import Severity

INC = "INC-0001"


class Scribe:
    """Writes entries one after the other, a second apart."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def __call__(self, kind: Kind | str, who: str = "ana", lane: str = "a", /, **body: object) -> Entry:
        seq = len(self.entries) + 1
        at = 1_000_000 + seq * 1000
        body = {name.rstrip("_"): value for name, value in body.items()}
        entry = Entry(f"{lane}:{seq}", INC, kind, Stamp(at, 0, lane, seq), at, at, Actor(who), body)  # type: ignore[arg-type]
        self.entries.append(entry)
        return entry

    def declare(self, severity: int | None = 2, ic: str = "ana") -> None:
        self(Kind.INCIDENT_DECLARED, title="payments failing", severity=severity, services=["pay"], ic=ic)

    @property
    def state(self) -> Incident:
        return folded(self.entries)


def folded(entries: list[Entry]) -> Incident:
    fold = Fold(INC)
    fold.apply(sorted(entries, key=lambda e: e.stamp))
    return fold.state


def texts(state: Incident) -> list[str]:
    return [row.text for row in state.timeline]


# The life of an incident.


def test_a_declaration_sets_what_the_header_shows():
    write = Scribe()
    write.declare()
    write(Kind.ROLE_ASSIGNED, role="ic", who="ana", basis="declaration")
    state = write.state
    assert (state.title, state.severity, state.peak_severity) == ("payments failing", Severity.SEV2, Severity.SEV2)
    assert (state.status, state.ic, state.services) == (Status.INVESTIGATING, "ana", ("pay",))
    assert state.declared_at == state.status_at == write.entries[0].occurred_at
    assert texts(state) == ["declared SEV2, took command: payments failing"]
    shown = line(state)
    assert (shown.key, shown.title, shown.entries, shown.ic) == (INC, "payments failing", 2, "ana")


def test_the_whole_way_to_closed_and_back_once():
    write = Scribe()
    write.declare()
    for before, after in (
        ("investigating", "identified"),
        ("identified", "monitoring"),
        ("monitoring", "resolved"),
        ("resolved", "investigating"),
        ("investigating", "monitoring"),
        ("monitoring", "resolved"),
        ("resolved", "closed"),
    ):
        write(Kind.STATUS_CHANGED, from_=before, to=after, reason="seen")
        if after == "investigating":
            assert write.state.resolved_at == 0
    state = write.state
    assert (state.status, state.reopened) == (Status.CLOSED, 1)
    assert (state.resolved_at, state.closed_at) == (write.entries[6].occurred_at, write.entries[7].occurred_at)
    assert "reopened the incident: seen" in texts(state)
    assert state.conflicts == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("investigating", "closed"),
        ("investigating", "postmortem"),
        ("identified", "resolved"),
        ("investigating", "triage"),
    ],
)
def test_a_step_that_the_machine_does_not_know_has_no_effect(before: str, after: str):
    write = Scribe()
    write.declare()
    write(Kind.STATUS_CHANGED, from_=before, to=after)
    state = write.state
    assert state.status is Status.INVESTIGATING
    assert state.timeline[-1].mark is Mark.CONFLICT
    assert len(state.conflicts) == 1


def test_of_two_changes_at_once_the_first_in_merged_order_holds():
    write = Scribe()
    write.declare()
    write(Kind.STATUS_CHANGED, "ana", from_="investigating", to="identified")
    write(Kind.STATUS_CHANGED, "ben", "b", from_="investigating", to="resolved", reason="gone")
    state = write.state
    assert state.status is Status.IDENTIFIED
    assert state.conflicts == ("ben moved it to resolved from investigating; it was identified already",)


def test_a_second_declaration_is_a_conflict():
    write = Scribe()
    write.declare()
    write(Kind.INCIDENT_DECLARED, "ben", "b", title="checkout down", severity=1)
    assert write.state.title == "payments failing"
    assert "declared it again" in write.state.conflicts[0]


# Severity.


def test_peak_severity_stays_when_severity_is_lowered():
    write = Scribe()
    write.declare(3)
    write(Kind.SEVERITY_CHANGED, "ben", from_=3, to=1, reason="all regions")
    write(Kind.SEVERITY_CHANGED, from_=1, to=3, reason="one region")
    state = write.state
    assert (state.severity, state.peak_severity) == (Severity.SEV3, Severity.SEV1)
    assert texts(state)[1:] == [
        "raised severity from SEV3 to SEV1: all regions",
        "lowered severity from SEV1 to SEV3: one region",
    ]


def test_who_does_not_command_raises_but_does_not_lower():
    write = Scribe()
    write.declare(2)
    write(Kind.SEVERITY_CHANGED, "ben", from_=2, to=1)
    write(Kind.SEVERITY_CHANGED, "ben", from_=1, to=2)
    assert write.state.severity is Severity.SEV1
    assert write.state.conflicts == ("ben lowered severity to SEV2 without commanding",)


def test_a_lowering_never_overrides_a_raise_that_its_writer_had_not_seen():
    write = Scribe()
    write.declare(2)
    write(Kind.SEVERITY_CHANGED, "ben", "b", from_=2, to=1)
    write(Kind.SEVERITY_CHANGED, "ana", from_=2, to=3)
    assert write.state.severity is Severity.SEV1
    assert len(write.state.conflicts) == 1


# Command.


def test_of_two_who_claim_command_the_first_holds_it_and_both_see_it():
    write = Scribe()
    write.declare(ic="")
    write(Kind.ROLE_ASSIGNED, "ana", "a", role="ic", who="ana", basis="vacancy")
    write(Kind.ROLE_ASSIGNED, "ben", "b", role="ic", who="ben", basis="vacancy")
    assert write.state.ic == "ana"
    assert write.state.conflicts == ("ben claimed command; ana held it",)
    write(Kind.ROLE_ASSIGNED, "ben", "b", role="ic", who="ben", basis="ana agreed", from_="ana")
    assert write.state.ic == "ben"
    assert texts(write.state)[-1] == "took command from ana: ana agreed"


def test_a_role_laid_down_is_vacant():
    write = Scribe()
    write.declare()
    write(Kind.ROLE_RELIEVED, role="ic", who="ana")
    assert write.state.ic == ""
    write(Kind.ROLE_RELIEVED, "ben", role="ic", who="ben")
    assert len(write.state.conflicts) == 1


# Alerts.


def test_an_acknowledgement_holds_until_the_alert_resolves():
    write = Scribe()
    write.declare()
    facts = [{"key": f"am/{n}", "name": f"Alert{n}", "service": "pay", "state": "firing"} for n in (1, 2)]
    write(Kind.ALERT_LINKED, alerts=facts, group="g1")
    write(Kind.ALERT_ACKED, keys=["am/1", "am/2"], note="known")
    write(Kind.ALERT_ACKED, "ben", keys=["am/1"])
    assert write.state.acked == {"am/1": "ana", "am/2": "ana"}
    write(Kind.ALERT_RECEIVED, "alerts", alerts=[{**facts[0], "state": "resolved"}])
    state = write.state
    assert state.acked == {"am/2": "ana"}
    assert state.linked["am/1"].state is AlertState.RESOLVED
    write(Kind.ALERT_UNACKED, keys=["am/2"])
    assert write.state.acked == {}
    assert "acknowledged 2 alerts: known" in texts(state)
    assert "acknowledged Alert1" in texts(state)
    assert "pay Alert1 resolved" in texts(state)


# Effects.

OP = {
    "operation_id": "op-1",
    "action": "alert.silence",
    "words": "silence 3 alerts",
    "call": "POST /x",
    "target": "am",
    "tier": 2,
}


def test_an_effect_has_one_line_from_intent_to_outcome():
    write = Scribe()
    write(Kind.ACTION_INTENDED, **OP)
    write(Kind.NOTE_ADDED, text="meanwhile")
    assert (write.state.timeline[0].result, write.state.timeline[0].tone) == ("waiting", Tone.WAIT)
    write(Kind.ACTION_SENDING, operation_id="op-1")
    assert write.state.timeline[0].result == "sending"
    assert write.state.waiting == 1
    write(Kind.ACTION_SENT, operation_id="op-1", state="sent", took_ms=210, receipt={"id": "7"})
    state = write.state
    assert texts(state) == ["silenced 3 alerts", "meanwhile"]
    row = state.timeline[0]
    assert (row.key, row.operation, row.result, row.tone) == (write.entries[0].id, "op-1", "210 ms", Tone.GOOD)
    assert "receipt id 7" in row.detail
    assert state.waiting == 0


def test_an_unknown_outcome_can_be_looked_up_but_a_settled_one_stays():
    write = Scribe()
    write(Kind.ACTION_INTENDED, **OP)
    write(Kind.ACTION_UNKNOWN, operation_id="op-1", state="unknown", detail="503")
    assert [o.key for o in write.state.unknown] == ["op-1"]
    assert write.state.timeline[0].result == "outcome unknown, 503"
    write(Kind.ACTION_SENT, operation_id="op-1", state="sent", detail="found it")
    write(Kind.ACTION_UNKNOWN, "ben", "b", operation_id="op-1", state="unknown")
    state = write.state
    assert state.operations["op-1"].state is OperationState.SENT
    assert len(state.timeline) == 1
    write(Kind.ACTION_FAILED, "ben", "b", operation_id="op-1", state="failed")
    assert write.state.operations["op-1"].state is OperationState.SENT
    assert write.state.timeline[-1].mark is Mark.CONFLICT


def test_an_outcome_that_stands_before_its_intent_counts():
    write = Scribe()
    write(Kind.ACTION_UNKNOWN, "ben", "b", operation_id="op-1", state="unknown")
    write(Kind.ACTION_INTENDED, **OP)
    write(Kind.ACTION_SENDING, operation_id="op-1")
    assert write.state.operations["op-1"].state is OperationState.SENDING
    write(Kind.ACTION_SENT, operation_id="op-1", state="sent")
    assert write.state.operations["op-1"].state is OperationState.SENT


def test_an_effect_that_was_reversed_says_so():
    write = Scribe()
    write(Kind.ACTION_INTENDED, **OP)
    write(Kind.ACTION_SENT, operation_id="op-1", state="sent")
    write(Kind.ACTION_INTENDED, **{**OP, "operation_id": "op-2", "words": "expire the silence", "undoes": "op-1"})
    assert write.state.operations["op-1"].undone_by == ""
    write(Kind.ACTION_SENT, operation_id="op-2", state="sent")
    state = write.state
    assert state.operations["op-1"].undone_by == "op-2"
    assert state.timeline[0].result == "undone"


# Runbooks.

STEPS = [
    {"id": "s1", "type": "check", "title": "look", "argv": ["true"]},
    {"id": "s2", "type": "command", "title": "roll back", "argv": ["true"], "tier": 2, "undo": ["false"]},
    {"id": "s3", "type": "manual", "title": "call them"},
]


def run_of(write: Scribe) -> None:
    write(Kind.RUNBOOK_STARTED, run="run-1", runbook="r", title="Rollback", steps=STEPS, params={"a": "1"})


def test_a_run_goes_through_its_steps_with_one_line_each():
    write = Scribe()
    run_of(write)
    write(Kind.STEP_STARTED, run="run-1", step="s2", operation="op-1", shows="true")
    write(Kind.ACTION_INTENDED, **OP)
    write(Kind.ACTION_SENDING, operation_id="op-1")
    assert write.state.runs[0].steps[1].state is StepState.RUNNING
    write(Kind.ACTION_SENT, operation_id="op-1", state="sent", detail="exit 0")
    write(
        Kind.STEP_DONE,
        run="run-1",
        step="s2",
        operation="op-1",
        result="exit 0",
        took_ms=90,
        output=["ok"] * 60,
        exit=0,
    )
    write(Kind.STEP_DONE, run="run-1", step="s3", result="they know")
    write(Kind.STEP_SKIPPED, run="run-1", step="s1", reason="seen already")
    state = write.state
    run = state.runs[0]
    assert [view.state for view in run.steps] == [StepState.SKIPPED, StepState.DONE, StepState.DONE]
    assert (run.settled, run.current) == (3, 3)
    step = run.steps[1]
    assert (step.result, step.took_ms, len(step.output), step.undoable) == ("exit 0", 90, 40, True)
    assert texts(state) == [
        "started runbook Rollback",
        "step 2: roll back",
        "did step 3: call them",
        "skipped step 1: look",
    ]
    row = state.timeline[1]
    assert (row.operation, row.key, row.result, row.tone) == ("op-1", write.entries[2].id, "exit 0", Tone.GOOD)


def test_two_who_run_one_step_at_once_are_a_conflict_and_the_first_counts():
    write = Scribe()
    run_of(write)
    write(Kind.STEP_STARTED, "ana", "a", run="run-1", step="s2", operation="op-a")
    write(Kind.STEP_STARTED, "ben", "b", run="run-1", step="s2", operation="op-b")
    write(Kind.STEP_FAILED, "ben", "b", run="run-1", step="s2", operation="op-b", result="exit 1")
    step = write.state.runs[0].steps[1]
    assert (step.state, step.operation_id, step.by) == (StepState.RUNNING, "op-a", "ana")
    assert len(write.state.conflicts) == 2


def test_a_step_whose_call_is_unknown_is_unknown_until_its_end_comes():
    write = Scribe()
    run_of(write)
    write(Kind.STEP_STARTED, run="run-1", step="s2", operation="op-1")
    write(Kind.ACTION_INTENDED, **OP)
    write(Kind.ACTION_UNKNOWN, "ben", "b", operation_id="op-1", state="unknown")
    assert write.state.runs[0].steps[1].state is StepState.UNKNOWN
    assert write.state.runs[0].current == 0
    write(Kind.STEP_DONE, run="run-1", step="s2", operation="op-1", result="exit 0")
    assert write.state.runs[0].steps[1].state is StepState.DONE


def test_a_step_can_fail_be_run_again_and_be_taken_back():
    write = Scribe()
    run_of(write)
    for kind in (Kind.STEP_STARTED, Kind.STEP_FAILED, Kind.STEP_STARTED, Kind.STEP_DONE, Kind.STEP_UNDONE):
        write(kind, run="run-1", step="s2")
    step = write.state.runs[0].steps[1]
    assert (step.state, step.undoable) == (StepState.UNDONE, False)
    assert write.state.conflicts == ()
    assert texts(write.state)[1:] == ["step 2: roll back", "step 2: roll back", "took back step 2: roll back"]


# Whatever stands in a journal.


@pytest.mark.parametrize("kind", [*Kind, "later.invented"])
def test_an_unknown_kind_or_a_body_that_is_none_is_a_plain_line(kind: str):
    write = Scribe()
    write.declare()
    before = write.state
    write(kind, text=7, keys="x", alerts=3)
    after = write.state
    assert after.entries == before.entries + 1
    assert (after.status, after.severity, after.ic, after.operations) == (
        before.status,
        before.severity,
        before.ic,
        before.operations,
    )


def test_a_redacted_entry_says_that_it_is():
    write = Scribe()
    write(Kind.NOTE_ADDED, redacted=True)
    assert texts(write.state) == ["note added: redacted"]


def test_text_from_others_stays_on_its_line():
    write = Scribe()
    write(Kind.NOTE_ADDED, "ev\x1bil", text="one\n\x1b[2Jtwo\u202e " + "x" * 5000)
    row = write.state.timeline[0]
    assert "\n" not in row.text
    assert "\x1b" not in row.text + row.who + "".join(row.detail)
    assert len(row.text) < 320


def test_an_entry_written_down_late_is_marked():
    at = 10_000_000
    entry = Entry("a:1", INC, Kind.NOTE_ADDED, Stamp(at, 0, "a", 1), at - 301_000, at, Actor("ana"), {"text": "x"})
    row = folded([entry]).timeline[0]
    assert row.late
    assert row.at == at - 301_000


def test_tools_and_people_have_their_own_marks():
    at = 1_000_000
    entry = Entry(
        "a:1", INC, Kind.ALERT_LINKED, Stamp(at, 0, "a", 1), at, at, Actor("alerts", ActorType.ALERT),
        {"alerts": [{"key": "am/1", "name": "Pool", "service": "db", "state": "firing"}, {"key": "am/2"}]},
    )  # fmt: skip
    row = folded([entry]).timeline[0]
    assert (row.mark, row.text) == (Mark.ALERT, "2 alerts joined, db Pool first")


# Order.

_TEXT = st.sampled_from(["ana", "ben", "op-1", "op-2", "run-1", "s1", "s2", "", "sent"])
_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 6) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


def _operation(name: str) -> dict[str, object]:
    return {**OP, "operation_id": name}


_PEOPLE = st.sampled_from(["ana", "ben"])
_OPERATIONS = st.sampled_from(["op-1", "op-2"])
_STATUSES = st.sampled_from([s.value for s in Status])
_SEVERITIES = st.integers(1, 5)
_KEYS = st.lists(st.sampled_from(["am/1", "am/2", "am/3"]), min_size=1, max_size=3)
_ALERTS = st.lists(
    st.builds(
        lambda k, s: {"key": k, "name": "n", "service": "s", "state": s},
        st.sampled_from(["am/1", "am/2", "am/3"]),
        st.sampled_from(["firing", "resolved"]),
    ),
    max_size=3,
)
_STEP = st.builds(
    lambda s, o: {"run": "run-1", "step": s, "operation": o},
    st.sampled_from(["s1", "s2", "s3"]),
    st.sampled_from(["", "op-1", "op-2"]),
)
_OUTCOME = st.builds(lambda o, u: {"operation_id": o, "state": "sent", "undoes": u}, _OPERATIONS, st.just(""))
_BODIES: dict[Kind, st.SearchStrategy[dict[str, object]]] = {
    Kind.INCIDENT_DECLARED: st.builds(
        lambda t, s, i, a: {"title": t, "severity": s, "ic": i, "alerts": a}, _PEOPLE, _SEVERITIES, _PEOPLE, _ALERTS
    ),
    Kind.STATUS_CHANGED: st.builds(lambda b, a: {"from": b, "to": a}, _STATUSES, _STATUSES),
    Kind.SEVERITY_CHANGED: st.builds(lambda b, a: {"from": b, "to": a}, _SEVERITIES, _SEVERITIES),
    Kind.ROLE_ASSIGNED: st.builds(
        lambda w, f: {"role": "ic", "who": w, "from": f}, _PEOPLE, st.sampled_from(["", "ana", "ben"])
    ),
    Kind.ALERT_RECEIVED: st.builds(lambda a: {"alerts": a}, _ALERTS),
    Kind.ALERT_ACKED: st.builds(lambda k: {"keys": k}, _KEYS),
    Kind.ALERT_UNACKED: st.builds(lambda k: {"keys": k}, _KEYS),
    Kind.ACTION_INTENDED: st.builds(
        lambda o, u: {**_operation(o), "undoes": u}, _OPERATIONS, st.sampled_from(["", "op-1", "op-2"])
    ),
    Kind.ACTION_SENDING: st.builds(lambda o: {"operation_id": o}, _OPERATIONS),
    Kind.ACTION_SENT: _OUTCOME,
    Kind.ACTION_FAILED: _OUTCOME,
    Kind.ACTION_UNKNOWN: _OUTCOME,
    Kind.ACTION_DROPPED: _OUTCOME,
    Kind.RUNBOOK_STARTED: st.just({"run": "run-1", "runbook": "r", "title": "R", "steps": STEPS}),
    Kind.STEP_STARTED: _STEP,
    Kind.STEP_DONE: _STEP,
    Kind.STEP_FAILED: _STEP,
    Kind.STEP_SKIPPED: _STEP,
    Kind.STEP_UNDONE: _STEP,
    Kind.NOTE_ADDED: st.builds(lambda u: {"text": "x", "undoes": u}, st.sampled_from(["", "op-1", "a:1", "b:2"])),
}
_DRAFTS = st.one_of(
    st.sampled_from(sorted(_BODIES)).flatmap(lambda kind: st.tuples(st.just(kind), _BODIES[kind])),
    st.tuples(st.sampled_from(sorted(BODIES)), st.dictionaries(_TEXT | st.sampled_from(["to", "keys", "run"]), _JUNK)),
    st.tuples(st.just("later.invented"), st.dictionaries(_TEXT, _JUNK, max_size=2)),
)


@st.composite
def lanes(draw: st.DrawFn) -> list[Entry]:
    """Entries of up to three lanes, in the order they were written; each lane's stamps go up."""
    seqs: dict[str, int] = {}
    walls = {"a": 1000, "b": 1000, "c": 1000}
    out = []
    for kind, body in draw(st.lists(_DRAFTS, max_size=40)):
        lane = draw(st.sampled_from("abc"))
        seqs[lane] = seqs.get(lane, 0) + 1
        walls[lane] += draw(st.integers(0, 3))
        stamp = Stamp(walls[lane], seqs[lane], lane, seqs[lane])
        who = draw(_PEOPLE)
        out.append(Entry(f"{lane}:{seqs[lane]}", INC, kind, stamp, stamp.wall, stamp.wall, Actor(who), body))
    return out


@given(lanes(), st.data())
def test_any_order_of_delivery_gives_the_state_of_a_fresh_fold(entries: list[Entry], data: st.DataObject):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold_module, "EVERY", 3)
        fold = Fold(INC)
        queues = {lane: list(group) for lane, group in groupby(sorted(entries, key=_lane), key=_lane)}
        told: list[Entry] = []
        before: list[tuple[Incident, str]] = []
        while queues:
            lane = data.draw(st.sampled_from(sorted(queues)))
            size = data.draw(st.integers(1, 5))
            batch, queues[lane] = queues[lane][:size], queues[lane][size:]
            if not queues[lane]:
                del queues[lane]
            again = data.draw(st.booleans())
            fold.apply([*batch, *told[-2:]] if again else batch)
            told += batch
            before.append((fold.state, repr(fold.state)))
            assert fold.state == folded(told)
        assert fold.state == folded(entries)
        assert fold.state.entries == len(entries)
        assert all(repr(state) == shown for state, shown in before), "a state that was given away has changed"


def _lane(entry: Entry) -> tuple[str, int]:
    return entry.stamp.lane, 0


def test_states_share_what_did_not_change():
    write = Scribe()
    write(Kind.ACTION_INTENDED, **OP)
    for n in range(600):
        write(Kind.NOTE_ADDED, text=f"note {n}")
    fold = Fold(INC)
    fold.apply(write.entries)
    first = fold.state
    assert fold.state is first
    fold.apply([write(Kind.NOTE_ADDED, text="one more")])
    second = fold.state
    assert [a is b for a, b in zip(first.timeline.chunks, second.timeline.chunks, strict=True)] == [True, True, False]
    assert second.operations is first.operations
    fold.apply([write(Kind.ACTION_SENT, operation_id="op-1", state="sent")])
    third = fold.state
    assert [a is b for a, b in zip(second.timeline.chunks, third.timeline.chunks, strict=True)] == [False, True, True]
    assert second.operations["op-1"].state is OperationState.QUEUED


def test_late_entries_cost_a_short_replay_and_few_checkpoints_are_kept():
    write = Scribe()
    for n in range(20_000):
        write(Kind.NOTE_ADDED, text=f"note {n}")
    fold = Fold(INC)
    fold.apply(write.entries)
    assert len(fold._kept) < 60
    replayed = 0
    apply = fold._work.__class__.apply

    def counted(self: object, entry: Entry) -> None:
        nonlocal replayed
        replayed += 1
        apply(self, entry)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold._work.__class__, "apply", counted)
        late = write.entries[-10]
        stamp = Stamp(late.stamp.wall, 0, "b", 1)
        fold.apply([Entry("b:1", INC, Kind.NOTE_ADDED, stamp, 1, 1, Actor("ben"), {"text": "late"})])
    assert replayed <= 10 + fold_module.EVERY + 1
    assert fold.state.timeline[-10].text == "late"
