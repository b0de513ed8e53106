"""All alerts of all sources with the operator's word beside them: rows, groups and counts, kept up change by change."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from console.alerts.filter import parse
from console.alerts.flapping import Flaps
from console.alerts.marks import Mark, Marks, holds
from console.alerts.ordering import SortedRows
from console.alerts.shelves import Shelves
from console.alerts.sieve import ROW_KEY, Sieve, worst_first
from console.alerts.tally import Tallies
from console.alerts.twins import Alone, Pairing, Twins
from console.clock import Millis
from console.errors import Refused
from console.model.alert import Alert, AlertDelta, AlertRow, AlertState
from console.model.group import Group
from console.model.snapshot import AlertsView
from console.ports import Correlator

KEEP_MS = 15 * 60_000
"""How long a resolved alert is still shown."""
SLICE = 1_000
"""Alerts that one call of ``expire`` looks at."""
SIFTED = 64
"""Rows that are sifted between two looks at the clock."""
SIFT_S = 0.005
"""Longest that a change of the filter works before the loop has its turn."""
BATCH = 16
"""Groups that are looked for at once."""
ARRANGE_S = 0.006
"""Longest that one view spends on groups; what is left over comes with the next."""

_FIRING, _RESOLVED = AlertState.FIRING, AlertState.RESOLVED


class AlertStore:
    """Takes deltas in, answers with views that share what did not change; fulfils ``ports.Alerts``."""

    def __init__(self, correlator: Correlator, *, single: bool = False, prefer: Collection[str] = ()) -> None:
        """``single``: there is one alert source only, so no alert can have a copy; ``prefer``: see ``Twins``."""
        self._correlator = correlator
        self._twins: Pairing = Alone() if single else Twins(prefer)
        self._rows: dict[str, AlertRow] = {}
        self._flat: SortedRows[AlertRow] = SortedRows(worst_first, ROW_KEY)
        self._firing = 0
        self._flaps = Flaps()
        self._marks = Marks()
        self._ended: dict[str, Millis] = {}
        """Resolved alerts in the order in which they are looked at to be let go, and since when."""
        self._joins: deque[Millis] = deque()
        self._tallies = Tallies()
        self._touched: dict[str, None] = {}
        self._lists = 0
        self._shelves = Shelves()
        self._sieve: Sieve | None = None
        self._coming: Sieve | None = None
        self._filter_error = ""

    def prefer(self, sources: Collection[str]) -> None:
        """Of an alert that several sources tell, show the copy of one of these; to be said before alerts come in."""
        self._twins.prefer(sources)

    # Taking in

    def ingest(self, delta: AlertDelta, now: Millis) -> None:
        """Take in one slice of what changed at a source; what its source no longer lists is resolved."""
        told: dict[str, Alert] = {}
        for alert in delta.changed:
            if (one := self._twins.put(alert)) is not None:
                told[one.key] = one
        for key in delta.gone:
            row = self._rows.get(key)
            if (one := self._twins.leave(key, row.alert if row is not None else None, now)) is not None:
                told[one.key] = one
        changed = list(told.values())
        moved = self._correlator.apply(changed, (), now)
        fresh: list[AlertRow] = []
        for alert in changed:
            group, before = moved.get(alert.key), self._rows.get(alert.key)
            if before is None:
                fresh.append(self._come(alert, group or "", now))
            else:
                self._change(before, alert, group, now)
        self._flat.put_all(fresh)
        for key, mark in self._marks.waiting(alert.key for alert in delta.changed).items():
            # It waits under the name of a copy, of an alert that is shown under another.
            self.set_acks({key: mark.by}, mark.at, {key: mark.at})

    def _come(self, alert: Alert, group: str, now: Millis) -> AlertRow:
        """An alert that was not here; it is still to be put into the list."""
        if alert.state is _FIRING:
            self._joins.append(now)
        elif alert.state is _RESOLVED:
            self._ended[alert.key] = now
        mark = self._marks.claim(alert)
        row = AlertRow(alert, group, mark.by, mark.at) if mark is not None else AlertRow(alert, group)
        self._keep(row, None)
        return row

    def _change(self, before: AlertRow, alert: Alert, group: str | None, now: Millis) -> None:
        if alert.firing and not before.alert.firing:
            self._joins.append(now)
        row = replace(before, alert=alert, group=group if group is not None else before.group)
        resolved, was = alert.state is _RESOLVED, before.alert.state is _RESOLVED
        if resolved and not was:
            self._ended[alert.key] = now
        elif was and not resolved:
            del self._ended[alert.key]
        flips = 1 if resolved is not was else 2 if _returned(before.alert, alert) else 0
        if flips:
            if before.acked_by:
                self._marks.spend(alert.key, now)
            row = replace(row, acked_by="", acked_at=0, flapping=self._flaps.flip(alert.key, now, flips))
        self._put(row, before)

    def _put(self, row: AlertRow, before: AlertRow) -> None:
        self._flat.put(row, before)
        self._keep(row, before)

    def _keep(self, row: AlertRow, before: AlertRow | None) -> None:
        """All that is known of a row but its place in the list."""
        self._rows[row.alert.key] = row
        self._firing += row.alert.firing - (before is not None and before.alert.firing)
        if before is not None and before.group != row.group:
            self._leave(before)
        if row.group:
            self._tallies.put(row.group, row)
            self._touched[row.group] = None
        if self._sieve is not None or self._coming is not None:
            for sieve in self._sieves():
                sieve.put(row)

    def _leave(self, row: AlertRow) -> None:
        if row.group:
            self._tallies.drop(row.group, row.key)
            self._touched[row.group] = None

    def _drop(self, key: str) -> None:
        row = self._rows.pop(key, None)
        if row is None:
            return
        self._firing -= row.alert.firing
        self._flat.drop(row)
        self._leave(row)
        for sieve in self._sieves():
            sieve.drop(key)

    def expire(self, now: Millis) -> bool:
        """Let go what resolved long ago, at most a thousand at a time; whether anything changed."""
        self._correlator.expire(now)
        gone, calm = self._over(now), self._flaps.calm(now, SLICE)
        if gone:
            self._correlator.apply((), gone, now)
        for key in gone:
            self._drop(key)
            self._twins.forget(key)
            self._flaps.forget(key)
        for key in calm:
            row = self._rows.get(key)
            if row is not None and row.flapping:
                self._put(replace(row, flapping=False), row)
        while self._joins and not 0 <= now - self._joins[0] <= 60_000:
            self._joins.popleft()
        return bool(gone or calm)

    def _over(self, now: Millis) -> list[str]:
        """Alerts that resolved long ago; a member of a group that still fires is looked at again later."""
        out: list[str] = []
        for key, at in list(islice(self._ended.items(), SLICE)):
            if 0 <= now - at <= KEEP_MS:
                break
            del self._ended[key]
            # Since a moment to come: the clock was set back.
            if at > now or self._tallies.firing(self._rows[key].group):
                self._ended[key] = now
            else:
                out.append(key)
        return out

    # The operator's word

    def ack(self, keys: Iterable[str], by: str, at: Millis) -> None:
        """Mark alerts as seen; holds until they resolve."""
        for key in keys:
            row = self._rows.get(self._twins.primary(key))
            if row is not None and row.alert.state is not AlertState.RESOLVED:
                self._marks.renew(row.key)
                self._put(replace(row, acked_by=by, acked_at=at), row)

    def unack(self, keys: Iterable[str]) -> None:
        """Take the mark back."""
        for key in keys:
            row = self._rows.get(self._twins.primary(key))
            if row is not None and row.acked_by:
                self._marks.spend(row.key, row.acked_at)
                self._put(replace(row, acked_by="", acked_at=0), row)

    def set_acks(self, acks: Mapping[str, str], at: Millis, times: Mapping[str, Millis] | None = None) -> None:
        """Marks that a journal remembers as of ``at``, alert key → who; ``times`` says when each was made, if known.

        One that is there already stays. One that ended since is not set again; without times that is every one of an
        alert that has resolved here. One of an alert that is not known yet waits for it.
        """
        for key, by in acks.items():
            made = times.get(key) if times is not None else None
            mark = Mark(by, at if made is None else made)
            row = self._rows.get(self._twins.primary(key))
            if row is None:
                self._marks.wait(key, mark)
            elif not row.acked_by and not self._marks.spent(row.key, made) and holds(mark, row.alert):
                self._put(replace(row, acked_by=by, acked_at=mark.at), row)

    def look(self, group: str) -> None:
        """The operator looked at a group: what joined before counts as seen."""
        if self._tallies.look(group):
            self._touched[group] = None

    def link(self, group: str, incident: str) -> None:
        """The group belongs to an incident."""
        if self._tallies.link(group, incident):
            self._touched[group] = None

    # Asking

    def alert(self, key: str) -> Alert | None:
        """The alert of this key, also where another source's copy of it is the one that is shown."""
        row = self._rows.get(self._twins.primary(key))
        return row.alert if row is not None else None

    def row(self, key: str) -> AlertRow | None:
        """The alert with the operator's word."""
        return self._rows.get(self._twins.primary(key))

    def group(self, key: str) -> Group | None:
        """The group as it stands."""
        root = self._rows.get(self._tallies.root(key))
        return self._tallies.group(key, root.alert if root is not None else None)

    def matching(self, filter: str) -> Sequence[Alert]:
        """All alerts that a filter lets through; ``Refused`` if it is not well formed."""
        parsed = parse(filter)
        return [row.alert for row in self._rows.values() if parsed.matches(row)]

    async def search(self, filter: str) -> list[Alert]:
        """As ``matching``; over many alerts it is worked off in slices. An alert that came meanwhile is left out."""
        parsed = parse(filter)
        return [row.alert async for rows in self.slowly() for row in rows if parsed.matches(row)]

    async def slowly(self) -> AsyncIterator[list[AlertRow]]:
        """All rows a few at a time, those that are gone meanwhile left out; the loop has its turn each ``SIFT_S``."""
        end, keys, get = time.perf_counter() + SIFT_S, list(self._rows), self._rows.get
        for start in range(0, len(keys), SIFTED):
            yield [row for key in keys[start : start + SIFTED] if (row := get(key)) is not None]
            if time.perf_counter() > end:
                await asyncio.sleep(0)
                end = time.perf_counter() + SIFT_S

    def all(self) -> Iterable[Alert]:
        """Every alert."""
        return (row.alert for row in self._rows.values())

    # Views

    async def refilter(self, text: str) -> None:
        """Change the filter; over many alerts it is worked off in slices while the old view goes on being served."""
        self._filter_error = ""
        self._coming = None
        if not text.strip():
            self._sieve = None
            return
        try:
            coming = self._coming = Sieve(parse(text))
        except Refused as error:
            self._filter_error = f"{error.what}; {error.next}" if error.next else error.what
            return
        async for rows in self.slowly():
            if self._coming is not coming:
                return
            for row in rows:
                if coming.put(row) and (group := self._shelves.get(row.group)) is not None:
                    coming.show(group)
        if self._coming is coming:
            self._sieve, self._coming = coming, None

    async def settle(self) -> None:
        """Arrange all groups that changed, in slices; a first poll of many alerts touches thousands."""
        behind = self._arrange()
        while behind:
            await asyncio.sleep(0)
            behind = self._arrange()

    def view(self) -> AlertsView:
        """What the screens show; over ``ARRANGE_S`` worth of changed groups is left to the next view."""
        self._arrange()
        sieve = self._sieve
        flat = (sieve.rows if sieve is not None else self._flat).freeze()
        shelves = sieve.shelves if sieve is not None else self._shelves
        return AlertsView(
            major=shelves.major.freeze(),
            minor=shelves.minor.freeze(),
            loose=shelves.loose.freeze(),
            flat=flat,
            firing=self._firing,
            total=len(self._rows),
            matching=len(flat),
            filter=sieve.filter.text if sieve is not None else "",
            filter_error=self._filter_error,
            rate_per_min=float(len(self._joins)),
        )

    @contextlib.contextmanager
    def listing(self) -> Iterator[None]:
        """While a list comes in slices: what one leaves over the next touches again, so it waits for the list's end."""
        self._lists += 1
        try:
            yield
        finally:
            self._lists -= 1

    @property
    def behind(self) -> bool:
        """Whether the last view left groups over that nothing further is awaited of."""
        return bool(self._touched) and not self._lists

    def _arrange(self) -> bool:
        """Bring groups' rows up to date for at most ``ARRANGE_S``; whether some are left."""
        for key, facts in self._correlator.dirty().items():
            if facts is not None and self._tallies.tell(key, facts.root, facts.why):
                self._touched[key] = None
        end = time.perf_counter() + ARRANGE_S
        while self._touched and time.perf_counter() < end:
            # A batch at a time: each look for the first of a dict passes over what was deleted before it.
            for key in list(islice(self._touched, BATCH)):
                del self._touched[key]
                self._place(key)
                if time.perf_counter() >= end:  # A group of 2,000 takes 4 ms.
                    break
        return bool(self._touched)

    def _place(self, key: str) -> None:
        """Put a group's row where it belongs, in the lists of all and in those of the filter."""
        group = self.group(key)
        if group is not None:
            self._shelves.put(group)
            for sieve in self._sieves():
                sieve.show(group)
            return
        self._tallies.forget(key)
        self._shelves.drop(key)
        for sieve in self._sieves():
            sieve.shelves.drop(key)

    def _sieves(self) -> tuple[Sieve, ...]:
        return tuple(s for s in (self._sieve, self._coming) if s is not None)


def _returned(before: Alert, alert: Alert) -> bool:
    """Whether it resolved and began again between two polls: its source tells a later onset."""
    return before.firing and alert.firing and before.source == alert.source and alert.started_at > before.started_at
