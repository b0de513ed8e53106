"""The judge: what children were told is durable, held against what the files say afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.journal.check import check
from console.journal.reading import read
from console.model.entry import Entry, Kind
from tests.torture.tally import INCIDENT, Tally

FILL = "the pool of orders-db is exhausted; checkout answers 503; " * 40


def text_of(writer: str, number: int) -> str:
    """What an entry of that number says, so that anything else is seen to be invented."""
    return f"{writer} {number} {FILL[: number * 37 % 1100]}"


class Judge:
    """All that was asked for and acknowledged in one folder."""

    def __init__(self, folder: Path, tally: Tally, fallback: Path | None = None) -> None:
        self.folder = folder
        self.tally = tally
        self.fallback = fallback
        self.may_be_torn = False
        """Whether segments stand there that a failed write left torn."""
        self.strangers = False
        """Whether files lie there that somebody planted, of which ``check`` complains rightly."""
        self.asked: dict[tuple[str, int], tuple[int, ...]] = {}
        """Writer and number of each note that somebody began to append, with the numbers of its transaction."""
        self.acknowledged: dict[str, tuple[str, int]] = {}
        """Id of each entry whose append returned: what it says."""
        self.redacting: set[str] = set()
        """Ids that may be redacted: somebody began to."""
        self.redacted: set[str] = set()
        """Ids of which it was acknowledged that they are told to be redacted."""

    def ask(self, writer: str, numbers: Sequence[int]) -> None:
        """Somebody begins to append these in one transaction."""
        for number in numbers:
            self.asked[writer, number] = tuple(numbers)

    def hear(self, writer: str, ids: Sequence[str], numbers: Sequence[int]) -> None:
        """An append returned."""
        self.acknowledged.update(zip(ids, ((writer, number) for number in numbers), strict=True))
        self.tally.acknowledged += len(ids)

    def listen(self, lines: list[list[Any]]) -> None:
        """Take in what a child said."""
        for word, *rest in lines:
            if word == "ask":
                self.ask(*rest)
            elif word == "ack":
                self.hear(*rest)
            elif word == "redacting":
                self.redacting.add(*rest)
            elif word == "redacted":
                self.redacted.add(*rest)
            elif word == "failed":
                self.tally.fault(f"a child failed: {rest[0]}")

    def look(self, *, clean: bool = True, where: str = "") -> list[Entry]:
        """Hold the files against it all; ``clean``: nothing is under way, so nothing may be torn or half redacted."""
        entries = list(read(self.folder, self.fallback))
        by_id = {entry.id: entry for entry in entries}
        notes = [entry for entry in entries if entry.kind == Kind.NOTE_ADDED and not entry.body.get("redacted")]
        told = Counter((str(e.body.get("writer")), int(str(e.body.get("n", -1)))) for e in notes)
        self._lost(by_id, where)
        doubled = len(entries) - len(by_id) + sum(count - 1 for count in told.values())
        odd = [key for key in told if key not in self.asked]
        odd += [self._key(e) for e in notes if e.body.get("text") != text_of(*self._key(e))]
        if doubled or odd:
            self.tally.strange += doubled + len(odd)
            self.tally.fault(f"{where}: {doubled} entries stand twice, never asked for: {odd[:3]}")
        if not self.redacting:
            half = [key for key in told if any((key[0], n) not in told for n in self.asked.get(key, ()))]
            if half:
                self.tally.fault(f"{where}: half a transaction: {half[:3]}")
        standing = [name for name in self.redacted if name in by_id and not by_id[name].body.get("redacted")]
        if clean and standing:
            self.tally.fault(f"{where}: told to be redacted and still there: {standing[:3]}")
        self._order(entries, where)
        skipped = any(str(e.body.get("reason", "")).startswith("damage") for e in entries)
        self._check(clean, where, skipped=skipped)
        return entries

    def _key(self, entry: Entry) -> tuple[str, int]:
        return str(entry.body.get("writer")), int(str(entry.body.get("n", -1)))

    def _lost(self, by_id: dict[str, Entry], where: str) -> None:
        lost = []
        for name, key in self.acknowledged.items():
            entry = by_id.get(name)
            hidden = entry is not None and bool(entry.body.get("redacted")) and name in self.redacting
            if not hidden and (entry is None or self._key(entry) != key or entry.body["text"] != text_of(*key)):
                lost.append(name)
        if lost:
            self.tally.lost += len(lost)
            self.tally.fault(f"{where}: lost {lost[:3]}")
            for name in lost:
                del self.acknowledged[name]

    def _order(self, entries: list[Entry], where: str) -> None:
        last: dict[str, Entry] = {}
        for entry in entries:
            before = last.get(entry.stamp.lane)
            if before is not None and (before.stamp, before.stamp.seq) >= (entry.stamp, entry.stamp.seq):
                self.tally.fault(f"{where}: {entry.id} stands before {before.id}")
            if before is not None and entry.recorded_at < before.recorded_at and not entry.body.get("redacted"):
                self.tally.fault(f"{where}: {entry.id} was recorded before {before.id}")
            if not entry.body.get("redacted"):
                last[entry.stamp.lane] = entry

    def _check(self, clean: bool, where: str, *, skipped: bool) -> None:
        if self.strangers:
            return
        if any(self.folder.glob("*.redact-*")) and not clean:
            return  # half an overwritten payload is damage to a reader until the lane is opened again
        if not self.folder.exists():
            return  # whoever was to make it died before
        seen = check(self.folder, INCIDENT, fallback=self.fallback)
        for lane in seen.lanes:
            if lane.torn:
                self.tally.count("torn ends seen")
                if clean and not self.may_be_torn:
                    self.tally.fault(f"{where}: {lane.torn} is torn after it was opened again")
        if not seen.sound:
            wrong = [*seen.troubles, *(text for lane in seen.lanes for text in (*lane.damage, *lane.troubles))]
            # Numbers are left out behind what could not be read when a lane was opened; the lane says so.
            wrong = [text for text in wrong if not (self.may_be_torn and skipped and text.startswith("entries "))]
            if wrong:
                self.tally.fault(f"{where}: not sound: {wrong[:3]}")
