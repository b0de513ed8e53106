"""Effects under kill -9: what the journal says was sent stands at the service, once, and nothing is forgotten.

Consoles with the real desk set silences at the drill's Alertmanager, in pairs that end together as one gesture sets
them, and die: at random moments, right before a call, right after the service answered. The next one reconciles.
"""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.request
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from msgspec import Struct

from console.alerts.office import set_silence
from console.clock import RandomIds, SystemClock
from console.configfile import load
from console.engine.wiring import Wiring
from console.errors import Unreachable
from console.journal.cases import allocate
from console.model.action import Action, OperationState
from console.model.alert import Matcher
from console.model.entry import Actor
from console.paths import state
from tests.bench.world import config_for, drill
from tests.torture.dying import die
from tests.torture.forked import Tell, start
from tests.torture.tally import Run

SOURCE = "alertmanager"
FAULTS = ("drop", "500", "half", "html")
"""Of all these the drill carries the request out, and its answer is lost."""
AWAY = 0.1
"""How often the service cannot be reached at all."""
ENDED = (OperationState.SENT, OperationState.FAILED, OperationState.DROPPED)
HOUR_MS = 3_600_000


class Part(Struct, frozen=True):
    """One console's life."""

    config: Path
    incident: str
    name: str
    seed: str
    dies: str = ""
    """``before`` or ``behind`` its third call."""


class Account:
    """What consoles were told of effects in one incident."""

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.begun: set[str] = set()
        self.sent: set[str] = set()
        self.queued: set[str] = set()


def desk(run: Run) -> None:
    """Kill consoles that set silences; then hold the service against the journal."""
    logging.getLogger("warroom").setLevel(logging.CRITICAL)
    with drill("--frozen") as urls:
        config = config_for(run.folder, {SOURCE: urls[SOURCE]})
        account = Account(allocate(state())[0])
        for trial in run.trials(80, 5):
            if run.over:
                break
            if trial and trial % 20 == 0:
                _settle(run, urls, config, account)
                account = Account(allocate(state())[0])
            _life(run, urls, config, account, trial)
            run.tally.trials += 1
        _settle(run, urls, config, account)


def _life(run: Run, urls: dict[str, str], config: Path, account: Account, trial: int) -> None:
    chance = run.chance
    dies = chance.choice(("", "", "before", "behind"))
    part = Part(config, account.incident, f"t{trial}", f"{trial}/{chance.random()}", dies)
    child = start(partial(_console, part))
    if chance.random() < 0.25:
        child.wait(chance.uniform(0, 0.25))
    else:
        child.until("open")
        if chance.random() < 0.4:
            fault = {"backend": SOURCE, "kind": chance.choice(FAULTS), "for_s": chance.uniform(0.02, 0.3)}
            _ask(f"{urls['admin']}/faults", fault)
        ended = child.wait(chance.uniform(0.0, 0.25) if not dies else 0.4)
        run.tally.count("died at a call" if ended else "killed at a random moment")
    child.kill()
    for word, *rest in child.end():
        if word == "begin":
            account.begun.add(rest[0])
        elif word == "outcome":
            run.tally.count(f"answered {rest[1]}")
            account.sent |= {rest[0]} if rest[1] == OperationState.SENT else set()
            account.queued |= {rest[0]} if rest[1] == OperationState.QUEUED else set()
        elif word == "failed":
            run.tally.fault(f"desk {trial}: {rest[0]}")


def _settle(run: Run, urls: dict[str, str], config: Path, account: Account) -> None:
    """A last console brings everything to its end; then the service is asked what it has."""
    _ask(f"{urls['admin']}/faults", method="DELETE")
    said = start(partial(_last, Part(config, account.incident, "last", "last"))).end()
    tally, where = run.tally, f"desk {account.incident}"
    tally.acknowledged += len(account.sent)
    states = {line[1]: line[2] for line in said if line[0] == "operation"}
    for line in said:
        if line[0] == "failed":
            tally.fault(f"{where}: {line[1]}")
    listed = _ask(f"{urls[SOURCE]}/api/v2/silences")
    there = Counter(one["comment"] for one in listed if one["comment"].startswith(f"{account.incident} "))
    twice = {mark: count for mark, count in there.items() if count > 1}
    strange = [mark for mark in there if mark not in account.begun or mark not in states]
    sent = {mark for mark, ended in states.items() if ended == OperationState.SENT}
    lost = {
        "answered as sent, and not at the service": account.sent - there.keys(),
        "answered as sent or queued, and not in the journal": (account.sent | account.queued) - states.keys(),
        "sent by the journal, and not at the service": sent - there.keys(),
        "at the service, and not sent by the journal": there.keys() & states.keys() - sent,
        "without an end": {mark for mark, ended in states.items() if ended not in list(ENDED)},
    }
    tally.count("silences at the service", sum(there.values()))
    tally.count("operations in the journal", len(states))
    tally.count("sent twice", sum(twice.values()) - len(twice))
    tally.strange += sum(twice.values()) - len(twice) + len(strange)
    if twice or strange:
        tally.fault(f"{where}: sent twice: {twice}; never asked for: {strange}")
    for what, marks in lost.items():
        tally.lost += len(marks)
        if marks:
            tally.fault(f"{where}: {what}: {sorted(marks)[:4]} ({[states.get(m) for m in sorted(marks)[:4]]})")


def _wiring(part: Part) -> Wiring:
    return Wiring(
        load(part.config), Actor("ana"), SystemClock(), RandomIds(), changed=lambda: None,
        current=lambda: part.incident,
    )  # fmt: skip


async def _open(part: Part) -> Wiring:
    """As the engine does: journals, then what a crash left open."""
    wiring = _wiring(part)
    await wiring.rooms.start(wiring.actor)
    await wiring.rooms.open(part.incident)
    await wiring.reconcile(part.incident)
    return wiring


async def _console(part: Part, tell: Tell) -> None:
    """Set silences for ever, looking after what is unknown in between."""
    wiring, chance, number = await _open(part), Random(part.seed), 0
    tell("open")
    _mortal(wiring, part.dies, chance)
    while True:
        await asyncio.gather(*(_pair(wiring, part, number + 2 * n, tell) for n in range(chance.randrange(1, 3))))
        number += 4
        if chance.random() < 0.3:
            await wiring.look_up(part.incident)


async def _pair(wiring: Wiring, part: Part, number: int, tell: Tell) -> None:
    """Two silences of one gesture: they end together and differ in one value."""
    ends = wiring.clock.now() + HOUR_MS
    for n in (number, number + 1):
        mark = f"{part.incident} {part.name}.{n}"
        action = Action(mark, "alert.silence", {}, wiring.actor)
        tell("begin", mark)
        matchers = (Matcher("service", f"{part.name}-{n}"),)
        outcome = await set_silence(wiring.office, part.incident, SOURCE, matchers, ends, mark, mark, action)
        tell("outcome", mark, str(outcome.state))


def _mortal(wiring: Wiring, dies: str, chance: Random) -> None:
    """Die right before the third call goes out, or right behind its answer; now and then there is no way there."""
    adapter: Any = wiring.feeds.adapters[SOURCE]
    plain, calls = adapter.create_silence, 0

    async def create_silence(*arguments: object) -> str:
        nonlocal calls
        calls += 1
        if dies == "before" and calls == 3:
            die()
        if chance.random() < AWAY:
            raise Unreachable("no route to the host")
        made: str = await plain(*arguments)
        if dies == "behind" and calls >= 3:
            die()
        return made

    adapter.create_silence = create_silence


async def _last(part: Part, tell: Tell) -> None:
    """Bring everything to its end and say what came of each."""
    wiring = await _open(part)
    async with asyncio.timeout(90):
        while True:
            await wiring.look_up(part.incident)
            states = {op.intent.words: op.state for op in wiring.rooms.state(part.incident).operations.values()}
            if not wiring.desk.inflight and all(ended in ENDED for ended in states.values()):
                break
            await asyncio.sleep(0.05)
    for mark, ended in states.items():
        tell("operation", mark, str(ended))
    await wiring.desk.close()
    await wiring.rooms.close(wiring.actor, "done")
    await wiring.feeds.close()


def _ask(url: str, body: object = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None
