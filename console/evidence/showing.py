"""Reading a piece again: its hash is compared, who read it is written down, and what it says is made harmless."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from console.desk.desk import Desk
from console.errors import JournalError, Refused
from console.evidence import picture
from console.evidence.filing import size
from console.journal.blobs import Blobs, Spoiled
from console.model.action import Action, Preview, Reply, Tier
from console.model.bodies import body_from
from console.model.entry import Draft, Kind
from console.model.evidence import EvidenceItem, EvidenceVerified, ItemType
from console.model.incident import Incident
from console.model.wording import count
from console.text import clean_lines

LINES, TEXT = 1500, 100_000
"""Of a longer content so much is shown, lines and characters; its file has the rest."""
AGAIN_MS = 10 * 60_000
"""Whoever looks again at the same piece within this time is not written down again."""


class Show:
    """Serves ``evidence.show``."""

    def __init__(
        self, desk: Desk, folder: Callable[[str], Path], state: Callable[[str], Incident], current: Callable[[], str]
    ) -> None:
        self._desk = desk
        self._folder = folder
        self._state = state
        self._current = current

    async def preview(self, action: Action) -> Preview:
        _, item = self._find(action)
        return Preview(f"Show {item.id}", "read it, compare its hash, write down who read it", item.id, Tier.R0)

    async def perform(self, action: Action) -> Reply:
        """The lines under ``lines``, how many more there are under ``more``, and where the whole is."""
        key, item = self._find(action)
        if not item.blobs:
            where = item.storage_uri or item.location or "nobody wrote where"
            raise Refused(f"the content of {item.id} is not kept here", next=f"it is elsewhere: {where}")
        blobs, digest = Blobs(self._folder(key)), item.blobs[0]
        try:
            content = await asyncio.to_thread(blobs.read, digest)
        except Spoiled as error:
            await self._spoiled(key, item, blobs, digest, action)
            raise JournalError(f"{item.id} is not what was collected: {error.what}", next=error.next) from None
        await self._tell(key, item, digest, action)
        lines, more = await asyncio.to_thread(_shown, content, item.type)
        path = blobs.path(digest)
        text = f"{item.id}: {count(len(lines) + more, 'line')}, {size(len(content))}, its SHA-256 as it was filed"
        data: dict[str, object] = {"item": item.id, "lines": lines, "more": more, "path": str(path), "sha256": digest}
        return Reply(action.request_id, True, text, next=f"all of it is in {path}", data=data)

    def _find(self, action: Action) -> tuple[str, EvidenceItem]:
        key, name = str(action.args.get("incident") or self._current()), str(action.args.get("item") or "")
        if not key:
            raise Refused("no incident is open", next="open one in the lobby")
        item = self._state(key).evidence.items.get(name)
        if item is None:
            raise Refused(f"there is no evidence {name!r} in {key}", next="F7 lists what there is")
        return key, item

    async def _tell(self, key: str, item: EvidenceItem, digest: str, action: Action) -> None:
        """Reading is part of the custody; a console that may not write shows the content all the same."""
        now, last = self._desk.clock.now(), item.chain[-1] if item.chain else None
        again = (
            last is not None
            and (last.kind, last.by, last.verified) == (Kind.EVIDENCE_VERIFIED, action.actor.id, True)
            and now - last.at < AGAIN_MS
        )
        if not (again or self._desk.policy.read_only or item.digest != digest):
            await self._write(key, item, digest, action)

    async def _spoiled(self, key: str, item: EvidenceItem, blobs: Blobs, digest: str, action: Action) -> None:
        if self._desk.policy.read_only or item.digest != digest or item.tainted:
            return
        try:
            found = await asyncio.to_thread(lambda: sha256(b"".join(blobs.raw(blobs.path(digest)))).hexdigest())
        except JournalError:
            return
        if found != digest:
            await self._write(key, item, found, action)

    async def _write(self, key: str, item: EvidenceItem, digest: str, action: Action) -> None:
        body = EvidenceVerified(item.id, digest, by=action.actor.id)
        await self._desk.record(key, [Draft(Kind.EVIDENCE_VERIFIED, body_from(body))], action)


def _shown(content: bytes, kind: ItemType) -> tuple[list[str], int]:
    text = content.decode("utf-8", "replace")
    if kind is ItemType.SCREENSHOT and text.lstrip().startswith("<svg"):
        try:
            text = "\n".join(picture.lines(text))
        except Refused:
            pass
    every = text.removesuffix("\n").split("\n")
    lines, left = [], TEXT
    for line in every[:LINES]:
        (shown,) = clean_lines(line)
        left -= len(shown)
        if left < 0:
            break
        lines.append(shown)
    return lines, len(every) - len(lines)
