"""A desk on real rooms in a folder, with everything that can be filed at hand."""

from __future__ import annotations

from pathlib import Path

from console.desk.desk import Desk
from console.desk.handling import Handling
from console.desk.policy import Policy
from console.engine.rooms import Rooms
from console.evidence.filing import Files
from console.evidence.handlers import handlers
from console.model.action import Action, Reply
from console.model.alert import Alert
from console.model.bodies import RunbookStarted, StepEnded, StepStarted, body_from
from console.model.entry import Actor, Draft, Kind
from console.model.evidence import EvidenceItem
from console.model.group import Group
from console.model.incident import Incident
from console.model.runbook import Step, StepType
from console.ports import Answer, Captured
from console.secret import Redactor, Secret
from tests.unit.clocks import CountingIds, ManualClock

ANA = Actor("ana")
SECRET = "hunter2-of-production"


class Known:
    """The alerts that are known; fulfils ``ports.Alerts``."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.groups: dict[str, Group] = {}

    def alert(self, key: str) -> Alert | None:
        return self.alerts.get(key)

    def group(self, key: str) -> Group | None:
        return self.groups.get(key)

    def matching(self, filter: str) -> list[Alert]:
        return []


class Station:
    """One console with an incident."""

    def __init__(self, root: Path, *, read_only: bool = False, host: str = "bastion-1", ids: int = 0) -> None:
        self.clock, self.redact = ManualClock(1_795_442_759_000), Redactor()
        self.redact.learn(Secret(SECRET))
        self.rooms = Rooms(root, clock=self.clock, ids=CountingIds(), redact=self.redact.value, changed=lambda: None)
        counting = CountingIds()
        counting.count = ids
        self.policy = Policy(read_only=read_only)
        self.captured: dict[str, Captured] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.known = Known()
        self.incident = ""
        self.desk = Desk(
            self.rooms, policy=self.policy, clock=self.clock, ids=counting, redact=self.redact,
            state=self.rooms.state,
        )  # fmt: skip
        files = Files(
            self.rooms.folder, lambda name: self.captured.get(name), self.known,
            lambda name: self.answers.get(name, ()), {"am": "alertmanager"}, host, "warroom 0.1.0",
        )  # fmt: skip
        served = handlers(self.desk, files, state=self.rooms.state, current=lambda: self.incident)
        self.handling = Handling(served, self.desk, lambda: self.incident)

    async def __aenter__(self) -> Station:
        await self.rooms.start(ANA)
        self.incident = await self.rooms.create()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.rooms.close(ANA, "done")

    async def do(self, id: str, who: str = "ana", **args: object) -> Reply:
        return await self.handling.respond(Action("r", id, args, Actor(who)))

    async def run_step(self, *output: str, ended: bool = True) -> None:
        """A run with one step, and what the journal holds of its output."""
        step = Step("disk", StepType.CHECK, "look at the disk", argv=("df", "-h"))
        drafts = [
            Draft(Kind.RUNBOOK_STARTED, body_from(RunbookStarted("run-1", "disk", "Disk full", steps=(step,)))),
            Draft(Kind.STEP_STARTED, body_from(StepStarted("run-1", "disk", "op-1", "df -h"))),
        ]
        if ended:
            drafts.append(Draft(Kind.STEP_DONE, body_from(StepEnded("run-1", "disk", "op-1", exit=0, output=output))))
        await self.desk.record(self.incident, drafts)

    @property
    def state(self) -> Incident:
        return self.rooms.state(self.incident)

    @property
    def items(self) -> list[EvidenceItem]:
        return list(self.state.evidence.items.values())

    def content(self, item: EvidenceItem) -> str:
        return (self.rooms.folder(self.incident) / "blobs" / item.blobs[0]).read_text()
