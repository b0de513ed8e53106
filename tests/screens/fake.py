"""An engine that a test scripts, and the application on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from console.app import WarroomApp
from console.config import Config
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.snapshot import Snapshot, View
from tests.screens import world
from tests.unit.clocks import CountingIds, ManualClock

PREVIEW = Preview(
    "Silence 37 alerts for 1h",
    'POST http://alertmanager.example:9093/api/v2/silences  service="payments", endsAt 15:05:59',
    "alertmanager",
    Tier.R2,
    "prod eu-1",
    ("37 alerts in 5 services and 7 hosts", "2 of them belong to INC-0042"),
    ("PoolExhausted orders-db", "HighLatency payments", "ErrorRate checkout"),
    "expire the silence",
    digest="d1",
)
ROLLBACK = replace(
    PREVIEW,
    title="Run step 5: deploy/checkout to rev 811",
    call="kubectl --context=prod-eu-1 rollout undo deploy/checkout --to-revision=811",
    target="deploy/checkout",
    blast=("2 replicas restart",),
    sample=(),
    undo="rev 812",
)
DESTROY = replace(
    PREVIEW, title="Delete the bad pods", target="prod-eu-1", tier=Tier.R3, undo="", warning="their logs are lost",
    call="kubectl --context=prod-eu-1 delete pod -l app=checkout",
)  # fmt: skip


CONTENT = (
    "NAME                        READY   STATUS", "",
    "checkout-7f9c6d-4x2lp       0/1     OOMKilled   \x1b[31mred\x1b[0m",
    *(f"2026-11-23T14:0{n % 6}:0{n % 10}Z   level=error msg=\"pool exhausted\" waiting={n * 7}" for n in range(80)),
    "one long line " * 30,
)  # fmt: skip
CONTENT_SAID = "E-0001: 96 lines, 48 kB, its SHA-256 as it was filed"
PATH = "/var/lib/warroom/INC-0042/blobs/" + "1" * 64


class FakeEngine:
    """Answers at once, from a script: previews by action id, replies by action id."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.actions: list[Action] = []
        self.views: list[View] = []
        self.looked: list[str] = []
        self.previews: dict[str, Preview] = {"alert.silence": PREVIEW, "step.run": ROLLBACK, "silence.expire": PREVIEW}
        self.refuses: dict[str, str] = {}
        """What a guard says no to: nothing was done."""
        self.fails: dict[str, str] = {}
        """What fails while it is done."""
        self.mute = False
        self._replies: list[Reply] = []
        self._wake: Callable[[], None] = lambda: None

    def submit(self, action: Action) -> None:
        self.actions.append(action)
        if not self.mute:
            self._replies.append(self._reply(action))
            self._wake()

    def _reply(self, action: Action) -> Reply:
        if action.id in self.refuses:
            return Reply(action.request_id, False, self.refuses[action.id], "try again", data={"error": "Refused"})
        if action.id in self.fails and not action.preview:
            return Reply(action.request_id, False, self.fails[action.id], "try again")
        if action.preview:
            preview = self.previews.get(action.id, replace(PREVIEW, title=action.id, tier=Tier.R1))
            return Reply(action.request_id, True, "", preview=preview)
        risky = self.previews.get(action.id)
        if risky is not None and risky.tier >= Tier.R2 and not action.digest:
            # As the desk does: nothing of this risk is done without the digest of what was shown.
            return Reply(action.request_id, False, f"not done yet: {risky.title}", "look and confirm", preview=risky)
        if action.id == "evidence.show":
            return Reply(action.request_id, True, CONTENT_SAID, data={"lines": list(CONTENT), "more": 12, "path": PATH})
        undo = Undo("alert.unack", dict(action.args), "take it back") if action.id == "alert.ack" else None
        return Reply(action.request_id, True, f"{action.id} is done", undo=undo)

    def look(self, view: View) -> None:
        self.views.append(view)

    def take(self) -> tuple[Snapshot, list[Reply]]:
        replies, self._replies = self._replies, []
        return self.snapshot, replies

    def on_news(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        if self.snapshot.version:
            wake()

    def seen(self, group: str) -> None:
        self.looked.append(group)

    def publish(self, snapshot: Snapshot) -> None:
        """News."""
        self.snapshot = snapshot
        self._wake()

    def done(self) -> list[Action]:
        """What was really asked to be done."""
        return [a for a in self.actions if not a.preview]


def console(snapshot: Snapshot = world.ROOM, **config: Any) -> tuple[WarroomApp, FakeEngine, ManualClock]:
    """The application on a fake engine, with a clock that stands still."""
    engine, clock = FakeEngine(snapshot), ManualClock(world.NOW)
    app = WarroomApp(
        engine, config=Config(utc=True, **config), clock=clock, ids=CountingIds(), environ={"LANG": "C.UTF-8"}
    )
    return app, engine, clock
