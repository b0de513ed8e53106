"""Duty, hold and anchors as every console folds them, in whatever order entries arrive."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from console.model.action import Intent, OperationState, Tier
from console.model.bodies import body_from
from console.model.duty import TERM_MS, Duty, mark_of, next_id, operation_id
from console.model.entry import Actor, Entry, Kind, Stamp
from console.model.fold import Fold
from console.model.incident import Incident, Mark, Operation

NOON = 1_795_000_000_000
A, B = "a.1.0", "b.2.0"


class Writer:
    """One console's lane: stamps rise, and rise above what it has read."""

    def __init__(self, lane: str, console: str = "", ahead_ms: int = 0) -> None:
        self.lane = lane
        self.console = console or f"c-{lane}"
        self.who = lane[0]
        self.ahead = ahead_ms
        self.fold = Fold("")
        self.entries: list[Entry] = []
        self.unread: list[Entry] = []
        self._last = (0, 0)

    def write(self, kind: Kind, body: dict[str, object], at: int) -> Entry:
        wall = at + self.ahead
        self._last = (wall, 0) if wall > self._last[0] else (self._last[0], self._last[1] + 1)
        seq = len(self.entries) + 1
        stamp = Stamp(*self._last, self.lane, seq)
        entry = Entry(f"{self.lane}:{seq}", "", kind, stamp, at, at, Actor(self.who), body)
        self.entries.append(entry)
        self.fold.apply([entry])
        return entry

    def read(self) -> None:
        self.fold.apply(self.unread)
        self._last = max([self._last, *((e.stamp.wall, e.stamp.logical) for e in self.unread)])
        self.unread.clear()

    def claim(self, at: int, basis: str = "vacant") -> Entry:
        body: dict[str, object] = {
            "lane": self.lane, "console": self.console, "until": at + self.ahead + TERM_MS,
            "after": self.fold.state.duty.mark, "basis": basis,
        }  # fmt: skip
        return self.write(Kind.DUTY_TAKEN, body, at)

    @property
    def on_duty(self) -> bool:
        return self.fold.state.duty.console == self.console


def state_of(entries: Sequence[Entry]) -> Incident:
    fold = Fold("")
    fold.apply(entries)
    return fold.state


def test_the_first_claim_in_the_merged_order_wins_and_a_renewal_prolongs_it() -> None:
    a, b = Writer(A), Writer(B)
    first, second = a.claim(NOON), b.claim(NOON + 1)
    for order in ([first, second], [second, first]):
        duty = state_of(order).duty
        assert duty == Duty(A, "c-a.1.0", "a", NOON, NOON + TERM_MS, mark_of(first))
    renewed = a.claim(NOON + 10_000, "renewal")
    duty = state_of([first, second, renewed]).duty
    assert (duty.since, duty.until) == (NOON, NOON + 10_000 + TERM_MS)


def test_a_renewal_leaves_no_line_a_take_over_does() -> None:
    a, b = Writer(A), Writer(B)
    entries = [a.claim(NOON), a.claim(NOON + 10_000, "renewal")]
    b.fold.apply(entries)
    entries.append(b.claim(NOON + 60_000, "lapsed"))
    rows = list(state_of(entries).timeline)
    assert [(row.who, row.text) for row in rows] == [
        ("a", "took duty"), ("b", "took duty from a, whose console is silent"),
    ]  # fmt: skip
    assert {row.mark for row in rows} == {Mark.SYSTEM}


def test_a_holder_that_comes_back_late_does_not_take_duty_again() -> None:
    a, b = Writer(A), Writer(B)
    first = a.claim(NOON)
    b.fold.apply([first])
    taken = b.claim(NOON + 30_000, "lapsed")
    stale = a.claim(NOON + 31_000, "renewal")  # has not read b's claim yet
    assert state_of([first, taken, stale]).duty.lane == B


def test_a_console_releases_its_own_duty_only() -> None:
    a, b = Writer(A), Writer(B)
    first = a.claim(NOON)
    wrong = b.write(Kind.DUTY_RELEASED, {"console": "c-a.1.0"}, NOON + 1)
    assert state_of([first, wrong]).duty.lane == A
    right = a.write(Kind.DUTY_RELEASED, {"console": "c-a.1.0"}, NOON + 2)
    duty = state_of([first, wrong, right]).duty
    assert duty == Duty(mark=mark_of(right))


def test_nobody_claims_for_another_lane_or_for_longer_than_the_term() -> None:
    a = Writer(A)
    body = {"lane": B, "console": "x", "until": NOON, "after": ""}
    assert state_of([a.write(Kind.DUTY_TAKEN, dict(body), NOON)]).duty == Duty()
    body |= {"lane": A, "until": NOON + 10**9}
    assert state_of([a.write(Kind.DUTY_TAKEN, dict(body), NOON)]).duty.until == NOON + TERM_MS


STEP = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["claim", "renew", "release", "hold", "unhold", "read", "begin"]),
    st.integers(0, 40_000),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(STEP, max_size=40), st.integers(-4, 4), st.randoms(use_true_random=False))
def test_two_consoles_agree_whatever_they_do_and_in_whatever_order_it_arrives(
    steps: list[tuple[str, str, int]], minutes: int, random: object
) -> None:
    writers = {"a": Writer(A), "b": Writer(B, ahead_ms=minutes * 60_000)}
    now, told = NOON, []
    for who, what, pause in steps:
        now += pause
        me, other = writers[who], writers["b" if who == "a" else "a"]
        if what == "read":
            me.read()
            continue
        before = me.on_duty
        if what == "claim" or (what == "renew" and before):
            entry = me.claim(now)
        elif what == "release":
            entry = me.write(Kind.DUTY_RELEASED, {"console": me.console}, now)
        elif what == "begin" and before and not me.fold.state.hold.on:
            name = next_id(me.fold.state.operations, "", "rule", "subject", now // 60_000)
            if name in me.fold.state.operations:
                continue
            entry = me.write(Kind.ACTION_INTENDED, body_from(Intent(name, "x", "renew", "", "", Tier.R1)), now)
        elif what in ("hold", "unhold"):
            entry = me.write(Kind.HOLD_SET if what == "hold" else Kind.HOLD_RELEASED, {}, now)
        else:
            continue
        told.append(entry)
        other.unread.append(entry)
    for writer in writers.values():
        writer.read()
    a, b = writers["a"].fold.state, writers["b"].fold.state
    assert (a.duty, a.hold, dict(a.operations)) == (b.duty, b.hold, dict(b.operations))
    assert not (writers["a"].on_duty and writers["b"].on_duty)
    random.shuffle(told)  # type: ignore[attr-defined]
    late = state_of(told)
    assert (late.duty, late.hold, dict(late.operations)) == (a.duty, a.hold, dict(a.operations))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["claim", "act", "fail"])), max_size=40))
def test_who_reads_before_acting_is_alone_on_duty_and_begins_nothing_twice(turns: list[tuple[str, str]]) -> None:
    writers, now = {"a": Writer(A), "b": Writer(B)}, NOON
    begun: list[str] = []
    for who, what in turns:
        now += 7000
        me, other = writers[who], writers["b" if who == "a" else "a"]
        me.read()
        if what == "claim":
            other.unread.append(me.claim(now, "lapsed"))
        elif me.on_duty:
            operations = me.fold.state.operations
            name = next_id(operations, "", "rule", "subject", now // 60_000)
            if name not in operations:
                intent = body_from(Intent(name, "x", "renew", "", "", Tier.R1, automatic=True))
                other.unread.append(me.write(Kind.ACTION_INTENDED, intent, now))
                begun.append(name)
                if what == "fail":
                    body: dict[str, object] = {"operation_id": name, "state": "failed"}
                    other.unread.append(me.write(Kind.ACTION_FAILED, body, now))
        other.read()
        assert not (me.on_duty and other.on_duty)
    assert len(begun) == len(set(begun))
    assert writers["a"].fold.state.conflicts == ()


def test_a_hold_stays_with_who_set_it_and_is_released_by_anybody() -> None:
    a, b = Writer(A), Writer(B)
    entries = [a.write(Kind.HOLD_SET, {"reason": "freeze"}, NOON), b.write(Kind.HOLD_SET, {}, NOON + 5)]
    state = state_of(entries)
    assert (state.hold.by, state.hold.since, state.hold.reason) == ("a", NOON, "freeze")
    assert [r.undo.action for r in state.reversible] == ["desk.hold"]
    entries.append(b.write(Kind.HOLD_RELEASED, {}, NOON + 6))
    state = state_of(entries)
    assert not state.hold.on
    assert state.reversible == ()
    assert [row.text for row in state.timeline] == [
        "held all automatic actions: freeze", "held all automatic actions", "let automatic actions go on",
    ]  # fmt: skip


def test_a_hold_is_carried_to_the_next_page_but_not_past_its_release() -> None:
    a, b = Writer(A), Writer(B)
    carried = a.write(Kind.HOLD_SET, {"carried": True, "by": "z", "since": 7}, NOON)
    hold = state_of([carried]).hold
    assert (hold.by, hold.since, hold.on) == ("z", 7, True)
    assert list(state_of([carried]).timeline) == []
    set_, released = b.write(Kind.HOLD_SET, {}, NOON - 9), b.write(Kind.HOLD_RELEASED, {}, NOON - 5)
    assert not state_of([set_, released, carried]).hold.on


def test_an_automatic_operation_has_one_name_until_a_try_certainly_did_nothing() -> None:
    name = operation_id("INC-1", "renew", "am/1", 5)
    assert name == operation_id("INC-1", "renew", "am/1", 5)
    others = {
        operation_id("INC-1", "renew", "am/1", 6), operation_id("INC-1", "renew", "am/15", ""),
        operation_id("INC-1", "renewam", "/1", 5), operation_id("INC-2", "renew", "am/1", 5),
    }  # fmt: skip
    assert len(others | {name}) == 5
    intent = Intent(name, "x", "", "", "", Tier.R1)
    facts = ("INC-1", "renew", "am/1", 5)
    for state in OperationState:
        known = {name: Operation(intent, state, NOON, "a", A)}
        following = next_id(known, *facts)
        again = state in (OperationState.FAILED, OperationState.DROPPED)
        assert (following == name) is not again
        if again:
            known[following] = Operation(intent, state, NOON, "a", A)
            assert next_id(known, *facts) not in known


def test_what_is_anchored_is_known_by_lane_and_sink() -> None:
    a = Writer(A)
    entries = [a.write(Kind.LANE_OPENED, {}, NOON)]
    assert dict(state_of(entries).moved) == {}
    entries.append(a.write(Kind.NOTE_ADDED, {"text": "x"}, NOON))
    entries.append(a.write(Kind.ANCHOR_MADE, {"heads": {A: [2, "00"]}, "sink": "syslog"}, NOON))
    state = state_of(entries)
    assert (dict(state.moved), dict(state.anchored)) == ({A: 2}, {"a.1.0 syslog": 2})
    assert [row.text for row in state.timeline] == ["x"]
    entries.append(a.write(Kind.ANCHOR_MADE, {"heads": {A: [999, "00"]}, "sink": "syslog"}, NOON))
    assert dict(state_of(entries).anchored) == {"a.1.0 syslog": 2}, "nobody anchors what is not there yet"
    following = Writer(A)
    following._last = (NOON + 86_400_000, 0)
    entries.append(following.write(Kind.LANE_OPENED, {}, NOON + 86_400_000))
    state = state_of(entries)
    assert (dict(state.moved), dict(state.anchored)) == ({}, {}), "the next page counts anew"
