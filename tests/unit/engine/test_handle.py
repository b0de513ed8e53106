from __future__ import annotations

from console.engine.handle import Handle
from console.model.action import Action, Reply
from console.model.snapshot import Snapshot, View


def test_the_latest_snapshot_wins_and_one_wake_is_pending() -> None:
    handle, wakes = Handle(), []
    handle.on_news(lambda: wakes.append(1))
    for version in range(1, 50):
        handle.publish(Snapshot(version=version))
    assert len(wakes) == 1
    assert handle.take()[0].version == 49
    handle.publish(Snapshot(version=50))
    assert len(wakes) == 2


def test_no_reply_is_lost_while_snapshots_are_overwritten() -> None:
    handle = Handle()
    for n in range(5):
        handle.publish(Snapshot(version=n + 1))
        handle.answer(Reply(str(n), True, "done"))
    _, replies = handle.take()
    assert [r.request_id for r in replies] == ["0", "1", "2", "3", "4"]
    assert handle.take()[1] == []


def test_news_that_came_before_the_screen_wakes_it_at_once() -> None:
    handle, wakes = Handle(), []
    handle.publish(Snapshot(version=1))
    handle.on_news(lambda: wakes.append(1))
    assert wakes == [1]


def test_requests_keep_their_order_and_ring_once() -> None:
    handle, rings = Handle(), []
    handle.submit(Action("early", "alert.ack"))
    handle.on_request(lambda: rings.append(1))
    handle.look(View(filter="x"))
    handle.seen("g1")
    assert rings == [1]
    first, view, group = handle.requests()
    assert isinstance(first, Action)
    assert first.request_id == "early"
    assert view == View(filter="x")
    assert group == "g1"
    handle.seen("g2")
    assert rings == [1, 1]
