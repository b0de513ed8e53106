"""``entry.redact``: an entry is taken away by whoever owns its lane; and what other consoles of ours ask of us."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.desk.desk import Desk
from console.errors import BackendError, Refused
from console.journal import cache, redaction
from console.journal.disk import Disk
from console.journal.journal import Journal
from console.journal.scrub import scrub
from console.model.action import Action, Intent, OperationState, Preview, Receipt, Reply, Tier
from console.model.bodies import body_from
from console.model.entry import Draft, Entry, Kind
from console.model.incident import Incident
from console.model.redacted import redaction as body_of
from console.model.redacted import told, why_not
from console.model.wording import one_line
from console.paths import cache as cache_folder
from console.paths import state as state_folder

if TYPE_CHECKING:
    from console.engine.rooms import Rooms

WAIT_S = 5.0
"""How long the console that writes the lane may take to overwrite it."""
_OPEN = (OperationState.QUEUED, OperationState.SENDING, OperationState.UNKNOWN)


class RedactHandler:
    """Serves ``entry.redact``."""

    def __init__(self, desk: Desk, rooms: Rooms, current: Callable[[], str]) -> None:
        self._desk = desk
        self._rooms = rooms
        self._current = current

    async def preview(self, action: Action) -> Preview:
        """Which entry, whose, and that it cannot be undone; its text is not repeated."""
        target = await self._find(action)
        entry = target.entry
        return Preview(
            title=f"Redact {entry.id}: {entry.kind} of {one_line(entry.actor.id, 64)}",
            call=f"overwrite salt and payload of {entry.id} in the files of lane {target.lane}",
            target=entry.id,
            tier=Tier.R3,
            blast=("its text is gone from every console, for good; that it was there, when and by whom stays",),
            warning="exports, backups and copies elsewhere keep it",
            digest=target.digest.hex()[:16],
        )

    async def perform(self, action: Action) -> Reply:
        """One operation: told in the journal, then done."""
        target = await self._find(action)
        name, key = target.entry.id, self._incident(action)
        approver = one_line(str(action.args.get("approver") or action.actor.id), 64)
        intent = Intent("", "entry.redact", f"redact entry {name}", f"overwrite {name}", name, Tier.R3)
        body = body_of(
            target.entry,
            basis=one_line(str(action.args.get("basis") or "")),
            approver=approver,
            reason=one_line(str(action.args.get("reason") or "")),
        )

        async def call() -> Receipt:
            journal = await self._journal(key)
            mark = await asyncio.to_thread(redaction.mark, journal.places, target, Disk())
            await self._desk.record(key, [Draft(Kind.ENTRY_REDACTED, body_from(body))], action)
            if not await overwrite(journal, mark):
                detail = "told; the console that writes the lane has not overwritten it yet"
                return Receipt(detail, state=OperationState.UNKNOWN)
            return Receipt("overwritten", {"entry": name})

        outcome = await self._desk.carry_out(key, intent, call, action=action)
        if outcome.state is OperationState.SENT:
            return Reply(action.request_id, True, f"redacted {name}", data={"entry": name})
        text = f"{name} is hidden everywhere, but its bytes may still stand: {outcome.detail}"
        if outcome.state is not OperationState.UNKNOWN:
            text = f"{name} was not redacted: {outcome.detail}"
        return Reply(action.request_id, False, text, next="leave the consoles of yours that run, and start one again")

    async def _find(self, action: Action) -> redaction.Target:
        """The entry that is meant. ``Refused`` if it may not be redacted, or not by us."""
        key, name = self._incident(action), str(action.args.get("entry") or "")
        journal = await self._journal(key)
        target = await asyncio.to_thread(redaction.find, journal.places, key, name, Disk())
        if target.owner != os.geteuid():
            who = _user(target.owner)
            raise Refused(f"{name} stands in a lane of {who}, who alone can redact it", next=f"ask {who}")
        if why := why_not(str(target.entry.kind)):
            raise Refused(f"{name} is not redacted: {why}")
        _settled(self._rooms.state(key), target.entry)
        return target

    def _incident(self, action: Action) -> str:
        return str(action.args.get("incident") or self._current())

    async def _journal(self, key: str) -> Journal:
        if key:
            await self._rooms.open(key)
        journal = self._rooms.journal(key)
        if journal is None:
            raise Refused("this console only reads the journal", next="start warroom without --read-only")
        return journal


def _settled(state: Incident, entry: Entry) -> None:
    """An effect that is under way must be known to whoever goes on with it."""
    name = str(entry.body.get("operation_id") or entry.body.get("operation") or "")
    operation = state.operations.get(name)
    if operation is not None and operation.state in _OPEN:
        raise Refused(f"{operation.intent.words} is {operation.state}", next="settle it first, then redact")


async def overwrite(journal: Journal, mark: redaction.Mark) -> bool:
    """Overwrite an entry that was told to be redacted; whether it is gone. A lane that another console of ours writes
    is left to that console, which reads that it was told."""
    disk = Disk()
    try:
        if mark.lane == journal.lane:
            texts = await journal.overwrite(mark)
        else:
            texts = await asyncio.to_thread(_overwrite, journal, mark, disk)
    except OSError as error:
        raise BackendError(f"{mark.path.parent}: {error.strerror or error}") from None
    if not await _gone(journal, mark, disk):
        return False
    await asyncio.to_thread(redaction.finish, mark, disk)
    await asyncio.to_thread(scrub, texts, state_folder())
    return True


def _overwrite(journal: Journal, mark: redaction.Mark, disk: Disk) -> list[str]:
    with redaction.held(journal.places, mark.lane, journal.lane, disk) as ours:
        return redaction.overwrite(journal.places, mark, disk) if ours else []


async def _gone(journal: Journal, mark: redaction.Mark, disk: Disk) -> bool:
    for _ in range(round(WAIT_S / 0.1)):
        if await asyncio.to_thread(redaction.gone, journal.places, mark, disk):
            return True
        await asyncio.sleep(0.1)
    return False


async def obey(journal: Journal, entries: Sequence[Entry]) -> None:
    """What other consoles of the same user told to be redacted in our lane is overwritten by us, who write it."""
    wanted = {
        body.target
        for entry in entries
        if (body := told(entry)) is not None and body.target.rpartition(":")[0] == journal.lane
        and journal.authors().get(entry.stamp.lane) == os.geteuid()
    }  # fmt: skip
    if wanted:
        for mark in await asyncio.to_thread(redaction.marks, journal.places):
            if mark.entry in wanted and mark.digest:
                await overwrite(journal, mark)


def forget_copies(journal: Journal, entries: Sequence[Entry]) -> None:
    """A cache made before a redaction keeps the text: it goes."""
    if any(told(entry) is not None for entry in entries):
        cache.forget(cache.place(cache_folder(), journal.places.folder))


def _user(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
