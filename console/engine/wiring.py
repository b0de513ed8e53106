"""Builds adapters by name, and ties capabilities, desk and journals together."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from console.adapters.command import ProcessRunner
from console.alerts import acts as alert_acts
from console.alerts.effects import effects as silence_effects
from console.alerts.grouping import WindowCorrelator
from console.alerts.renewal import Renewal
from console.alerts.store import AlertStore
from console.clock import Clock, Ids
from console.command.handlers import handlers as command_handlers
from console.config import Config
from console.desk import editing, hold, undo, waiting
from console.desk.desk import WARROOM, Desk
from console.desk.handling import Handling
from console.desk.policy import Policy
from console.desk.reconcile import LookUps, reconcile
from console.engine.acts import AskHandler, Enter, Leave, LeaveHandler, OpenHandler
from console.engine.anchoring import Anchoring
from console.engine.duty import Duties
from console.engine.feeds import Feeds
from console.engine.filing import evidence_handlers
from console.engine.logfile import shared_redactor
from console.engine.metrics import MetricBoard
from console.engine.redacting import RedactHandler
from console.engine.rooms import Rooms
from console.errors import ConfigError, Refused
from console.journal.anchor import sink_of
from console.journal.ballast import Ballast
from console.journal.cases import fallback_folder, local_folder
from console.model.action import Action, Reply
from console.model.alert import Alert
from console.model.entry import Actor, Entry, Kind
from console.model.incident import Incident
from console.model.metric import MetricQuery
from console.model.normal import Normaliser
from console.paths import cache as cache_folder
from console.paths import shipped
from console.paths import state as state_folder
from console.ports import Handler
from console.runbook.acts import handlers as runbook_handlers
from console.runbook.live import LiveOutput
from console.runbook.shelf import Shelf

log = logging.getLogger("warroom.engine")

OUTPUT_LINES = 5000
"""Lines of a step's output that are kept for whoever files it, within a megabyte; a screen shows far fewer."""


def queries(config: Config) -> list[MetricQuery]:
    """The metrics of the configuration, as queries."""
    return [
        MetricQuery(f"m{n}", m.title, m.source, m.query, m.unit, m.limit, m.above, m.service)
        for n, m in enumerate(config.metrics)
    ]


class Wiring:
    """All parts, made once and tied together; owns no loop."""

    def __init__(
        self,
        config: Config,
        actor: Actor,
        clock: Clock,
        ids: Ids,
        *,
        changed: Callable[[], None],
        current: Callable[[], str],
        guest: bool = False,
    ) -> None:
        """``guest``: for a single command, which takes no duty."""
        self.config = config
        self.actor = actor
        self.clock = clock
        self.ids = ids
        self.changed = changed
        self.current = current
        self.redactor = shared_redactor()
        try:
            self.redactor.further(config.redact)
        except re.error as error:
            raise ConfigError(
                f"redact: {error}", next=f"correct redact in {config.path or 'the configuration'}"
            ) from None
        self.store = AlertStore(WindowCorrelator(window_s=config.grouping.window_s), single=_alert_sources(config) < 2)
        self.board = MetricBoard(queries(config), clock)
        root = state_root(config)
        self.rooms = Rooms(
            root,
            clock=clock,
            ids=ids,
            redact=self.redactor.value,
            changed=changed,
            read_only=config.read_only,
            guest=guest,
            cache=cache_folder(),
            fallback=fallback_folder(),
            ballast=Ballast(root, config.journal.ballast_mb),
        )
        self.feeds = Feeds(
            config.sources,
            self.store,
            self.board,
            normaliser=Normaliser(config.grouping),
            redactor=self.redactor,
            clock=clock,
            changed=changed,
            first=self.remember_acks,
        )
        self.handlers: dict[str, Handler] = {}
        self.duties = Duties(self.rooms, actor, ids.new("console"), clock, self.tail)
        self.desk = Desk(
            self.rooms,
            policy=Policy(read_only=config.read_only),
            clock=clock,
            ids=ids,
            redact=self.redactor,
            state=self.rooms.state,
            automatic=self.duties,
        )
        self.desk.effects = silence_effects(self.feeds.silencers)
        self.look_ups = LookUps(self.desk)
        self.office = alert_acts.Office(
            self.store,
            self.desk,
            self.feeds.silencers,
            {s.name: s.environment for s in config.sources},
            self.feeds.silences,
            current,
            config.ack,
            lambda: [room.state for room in self.rooms.open_rooms()],
        )
        self.renewal = Renewal(self.office)
        self.anchoring = Anchoring(
            [sink_of(one, clock) for one in config.journal.anchors], config.journal, clock,
            heads=self.rooms.heads, append=self.rooms.append, why_not=self.duties.why_not,
        )  # fmt: skip
        self.shelf = Shelf()
        self.live = LiveOutput(self.redactor, changed)
        self._handling = Handling(self.handlers, self.desk, current)

    # Acting

    async def connect(self, enter: Enter, leave: Leave) -> None:
        """Read the runbooks and fill the handlers; once the journals are open."""
        self.shelf = await asyncio.to_thread(_read_shelf, self.config)
        for broken in self.shelf.broken:
            log.warning("runbook %s: %s", broken.path, "; ".join(map(str, broken.problems)))
        self.handlers |= {"incident.open": OpenHandler(enter), "incident.leave": LeaveHandler(leave)}
        self.handlers["source.ask"] = AskHandler([s.name for s in self.config.sources], self.feeds.ask_now)
        self.handlers |= alert_acts.handlers(self.office)
        self.handlers |= command_handlers(
            self.desk,
            state=self.rooms.state,
            current=self.current,
            open_incident=self.rooms.create,
            group_facts=self._group_facts,
            firing=self._firing,
            drill=self.config.drill,
        )
        self.handlers |= runbook_handlers(
            self.desk,
            ProcessRunner(self.clock, max_lines=OUTPUT_LINES),
            state=self.rooms.state,
            current=self.current,
            shelf=self.shelf,
            live=self.live,
            environment=lambda: f"on {os.uname().nodename}",
            secrets=self.feeds.secret,
            drill=self.config.drill,
        )
        self.handlers |= waiting.handlers(self.desk, state=self.rooms.state, current=self.current)
        self.handlers |= editing.handlers(self.desk, state=self.rooms.state, current=self.current)
        self.handlers |= hold.handlers(self.desk, state=self.rooms.state, current=self.current)
        self.handlers |= evidence_handlers(self)
        self.handlers["entry.redact"] = RedactHandler(self.desk, self.rooms, self.current)
        self.handlers |= undo.handlers(self.desk, self.handlers, state=self.rooms.state, current=self.current)
        if not self.config.read_only:
            await self.duties.carry_hold()

    async def respond(self, action: Action) -> Reply:
        """The answer to an action; what it declares or acknowledges is taken up by the alert store."""
        incident = str(action.args.get("incident") or "")
        if incident and self.rooms.room(incident) is None:
            try:
                await self.rooms.open(incident)
            except Refused as error:
                return Reply(
                    action.request_id, False, error.what, next=error.next, data={"error": type(error).__name__}
                )
        reply = await self._handling.respond(action)
        if reply.ok and action.id == "incident.declare" and not action.preview:
            self.store.link(str(action.args.get("group") or ""), str(reply.data.get("incident") or ""))
            self.changed()
        return reply

    async def reconcile(self, incident: str) -> None:
        """What a dead console left under way gets its outcome."""
        if self.config.read_only:
            return
        own, _ = self.rooms.lanes(incident)
        await reconcile(
            self.desk,
            incident,
            self.rooms.state(incident),
            alive=lambda lane: self.rooms.alive(incident, lane),
            own=own,
        )

    async def look_up(self, incident: str) -> None:
        """Effects of unknown outcome are asked after where their services can tell."""
        await self.look_ups.run(incident, self.rooms.state(incident), WARROOM)

    async def tail(self) -> None:
        """Read what other consoles wrote, and go by it."""
        news = await self.rooms.tail()
        if news:
            self.take_in(news)

    def take_in(self, news: Mapping[str, Sequence[Entry]]) -> None:
        """Other consoles wrote: what they acknowledged, or took back, is so here too."""
        for entry in chain.from_iterable(news.values()):
            if entry.kind == Kind.ALERT_UNACKED:
                keys = entry.body.get("keys")
                self.store.unack([str(k) for k in keys] if isinstance(keys, list) else [])
        self.remember_acks()
        self.changed()

    def states(self) -> tuple[Incident, ...]:
        """The watch and every open incident, as folded."""
        return (self.rooms.state(""), *(room.state for room in self.rooms.open_rooms()))

    def remember_acks(self) -> None:
        """Acknowledgements that the journals hold and the store does not."""
        now = self.clock.now()
        for state in (self.rooms.state(""), *(room.state for room in self.rooms.open_rooms())):
            self.store.set_acks(state.acked, now, state.acked_at)

    def linked_groups(self, incident: str) -> tuple[str, ...]:
        """Groups that belong to an incident: those in which its linked alerts stand, whoever linked them."""
        found: dict[str, None] = {}
        for key in self.rooms.state(incident).linked:
            row = self.store.row(key)
            if row is not None and row.group:
                found[row.group] = None
        for group in found:
            self.store.link(group, incident)
        return tuple(found)

    def _group_facts(self, key: str) -> tuple[Sequence[str], Sequence[Alert]]:
        group = self.store.group(key)
        if group is None:
            return (), ()
        return group.services, [row.alert for row in group.members if row.alert.firing]

    def _firing(self, incident: str) -> Sequence[str]:
        """Names of an incident's alerts that still fire, by what the sources say now."""
        out = []
        for key, linked in self.rooms.state(incident).linked.items():
            alert = self.store.alert(key)
            if (
                alert.firing
                if alert is not None
                else linked.state == "firing" and not self.feeds.answered(_source(key))
            ):
                out.append(f"{linked.service} {linked.name}".strip())
        return out


def state_root(config: Config) -> Path:
    """The folder that holds incidents and the watch; a local one where the operator's home is on a network disk."""
    return Path(config.folder).expanduser() if config.folder else local_folder(state_folder())


def _read_shelf(config: Config) -> Shelf:
    return Shelf.load([shipped("runbooks"), *(Path(folder).expanduser() for folder in config.runbooks)])


def _alert_sources(config: Config) -> int:
    return sum(s.options.get("alerts", True) is not False for s in config.sources)


def _source(key: str) -> str:
    return key.split("/", 1)[0]
