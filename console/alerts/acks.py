"""Acknowledging: seen, by whom, until it resolves; one alert or hundreds in one entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from console.alerts.office import Office, counted, end_silence, sample, set_silence
from console.alerts.silencing import exact
from console.alerts.slices import Slices
from console.errors import BackendError, Moot
from console.model.action import Action, OperationState, Preview, Reply, Tier, Undo
from console.model.alert import Alert, AlertRow, Matcher, Silence
from console.model.entry import Draft, Kind

ACK_MARK = "[warroom:ack]"
"""Stands in the comment of a silence that an acknowledgement set."""
MOST = 100
"""Silences that one acknowledgement may set; each is a call and a line in the journal."""


class AckHandler:
    """``alert.ack``: a fact in the journal; on request also marked silences that lapse if nobody renews them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        """How many are acknowledged, and whether anything is sent."""
        rows, words = await self._office.chosen(action)
        call, undo = "a note in the journal; nothing is sent", "take the acknowledgement back"
        if self._silences(action):
            call = f"a note in the journal, and a silence of {self._minutes} min on each, renewed while it fires"
            undo += ", which ends its silences"
        before = sum(bool(row.acked_by) for row in rows)
        blast = (counted(len(rows)), *([f"{before} acknowledged already"] if before else []))
        return Preview(
            f"Acknowledge {words}", call, words, Tier.R1,
            blast=blast, sample=sample([row.alert for row in rows]), undo=undo,
        )  # fmt: skip

    async def perform(self, action: Action) -> Reply:
        """One entry for all of an incident, one for what belongs to none; what somebody acknowledged stays theirs."""
        rows, words = await self._office.chosen(action)
        fresh = [row for row in rows if not row.acked_by]
        if not fresh:
            return Reply(
                action.request_id, True, f"acknowledged already, by {', '.join(sorted({r.acked_by for r in rows}))}"
            )
        homes = await self._homes(fresh, action)
        text = f"acknowledged {counted(len(fresh))}"
        if before := len(rows) - len(fresh):
            text += f", {before} {'was' if before == 1 else 'were'} already"
        silenced = ""
        for incident, alerts in homes.items():
            await self._note(alerts, incident, words, action)
            if self._silences(action):
                silenced += await self._silence(alerts, incident, action)
        keys = [row.key for row in fresh]
        (home, *others) = homes
        undo = Undo("alert.unack", {"keys": keys, "incident": home}, "take the acknowledgement back")
        return Reply(
            action.request_id,
            True,
            text + _elsewhere(homes, self._office.incident(action)) + silenced,
            next="u takes them back, one part at a time" if others else "",
            undo=None if others else undo,
            data={"keys": keys},
        )

    async def _homes(self, rows: Sequence[AlertRow], action: Action) -> dict[str, list[Alert]]:
        """The alerts by the incident that each is part of; the watch first, so that what is undone first is shared."""
        known, homes = await self._office.homes(action), dict[str, list[Alert]]()
        async for some in Slices().over(rows):
            for row in some:
                homes.setdefault(known.of(row), []).append(row.alert)
        return dict(sorted(homes.items()))

    async def _note(self, alerts: Sequence[Alert], incident: str, words: str, action: Action) -> None:
        """Into the journal first; from then on the lists show it."""
        office = self._office
        body: dict[str, object] = {
            "keys": [a.key for a in alerts],
            "note": str(action.args.get("note") or ""),
            "group": str(action.args.get("group") or ""),
            "words": words,
        }
        await office.desk.record(incident, [Draft(Kind.ALERT_ACKED, body, action.actor)], action)
        now = office.desk.clock.now()
        async for some in Slices().over(alerts):
            office.store.ack([a.key for a in some], action.actor.id, now)

    def _silences(self, action: Action) -> bool:
        return self._office.ack.silence or action.args.get("silence") == "yes"

    @property
    def _minutes(self) -> int:
        return round(self._office.ack.silence_s / 60)

    async def _silence(self, found: Sequence[Alert], incident: str, action: Action) -> str:
        office = self._office
        able = [a for a in found if a.source in office.silencers and exact(a)]
        if len(able) > MOST:
            return f"; none silenced, {len(able)} are too many for a silence each: silence the group with s"
        ends = office.desk.clock.now() + round(office.ack.silence_s * 1000)
        where = f" in {incident}" if incident else ""
        comment = f"{ACK_MARK} acknowledged by {action.actor.id}{where}; lapses unless warroom renews it"
        done, failed = 0, dict[str, str]()
        for alert in able:
            if alert.source in failed:
                continue
            words = f"silence {alert.name} while acknowledged"
            outcome = await set_silence(office, incident, alert.source, exact(alert), ends, comment, words, action)
            if outcome.state is OperationState.SENT:
                done += 1
            else:
                failed[alert.source] = outcome.detail
        text = f"; {done} silenced for {self._minutes} min, renewed while they fire"
        if done < len(found):
            why = "; ".join(f"{source}: {detail}" for source, detail in failed.items())
            text += f", {len(found) - done} could not be" + (f" ({why})" if why else "")
        return text


class UnackHandler:
    """``alert.unack``: the acknowledgement is taken back; its marked silences end."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def preview(self, action: Action) -> Preview:
        """How many are taken back, and which silences end with them."""
        rows, words = await self._acked(action)
        ending = counted(len(await self._silences_of([row.alert for row in rows], action)), "silence")
        return Preview(
            f"Un-acknowledge {words}", "a note in the journal", words, Tier.R1,
            blast=(counted(len(rows)), f"{ending} of theirs ends"), undo="acknowledge again",
        )  # fmt: skip

    async def perform(self, action: Action) -> Reply:
        """An entry in each journal that holds an acknowledgement, then an operation for each silence."""
        office = self._office
        rows, words = await self._acked(action)
        held = await self._held(rows, action)
        for incident, keys in held.items():
            body: dict[str, object] = {"keys": keys, "words": words}
            await office.desk.record(incident, [Draft(Kind.ALERT_UNACKED, body, action.actor)], action)
            async for some in Slices().over(keys):
                office.store.unack(some)
        home = next(iter(held))
        silences = await self._silences_of([row.alert for row in rows], action)
        outcomes = [await end_silence(office, home, s, action) for s in silences]
        text = f"un-acknowledged {counted(len(rows))}"
        if outcomes:
            text += f"; {counted(sum(o.state is OperationState.SENT for o in outcomes), 'silence')} ended"
        bad = [o for o in outcomes if o.state is not OperationState.SENT]
        if bad:
            text += f", {len(bad)} not: {bad[0].detail}; they lapse within {round(office.ack.silence_s / 60)} min"
        all_keys = [row.key for row in rows]
        undo = Undo("alert.ack", {"keys": all_keys, "incident": home}, "acknowledge again") if len(held) == 1 else None
        return Reply(action.request_id, True, text, undo=undo, data={"keys": all_keys})

    async def _acked(self, action: Action) -> tuple[list[AlertRow], str]:
        rows, words = await self._office.chosen(action)
        acked = [row for row in rows if row.acked_by]
        if not acked:
            raise Moot("none of these alerts is acknowledged", next="look at the list again")
        return acked, words

    async def _held(self, rows: Sequence[AlertRow], action: Action) -> dict[str, list[str]]:
        """Keys by the journal that holds the acknowledgement; without one, by that of the alert's incident."""
        homes, watch, held = await self._office.homes(action), self._office.state(""), dict[str, list[str]]()
        async for some in Slices().over(rows):
            for row in some:
                for place in homes.holding(row.key, watch) or [homes.of(row)]:
                    held.setdefault(place, []).append(row.key)
        return held

    async def _silences_of(self, found: Sequence[Alert], action: Action) -> list[Silence]:
        """Asked of the sources again: one that a colleague set a moment ago may not be in the list that was read."""
        known = {s.key: s for s in self._office.standing(action).active()}
        for source in dict.fromkeys(a.source for a in found):
            if source in self._office.silencers:
                with suppress(BackendError):
                    known |= {s.key: s for s in await self._office.silencers[source].silences()}
        marked = {(s.source, frozenset(s.matchers)): s for s in ack_silences(known.values())}
        names = named(marked)
        theirs: dict[str, Silence] = {}
        async for some in Slices().over(found if marked else ()):
            for alert in some:
                if (alert.source, alert.labels.get("alertname")) in names:
                    silence = marked.get((alert.source, frozenset(exact(alert))))
                    if silence is not None:
                        theirs[silence.key] = silence
        return list(theirs.values())


def _elsewhere(homes: Mapping[str, Sequence[Alert]], named: str) -> str:
    """What is not noted in the incident on screen, and where it is."""
    out = ""
    for home, alerts in homes.items():
        if named and home != named:
            what = "not" if len(homes) == 1 else f"{len(alerts)} not"
            out += f"; {what} part of {named}, noted {f'in {home}' if home else 'on the watch'}"
    return out


def named(marked: Iterable[tuple[str, Iterable[Matcher]]]) -> set[tuple[str, str | None]]:
    """Sources and alert names that these silences are about: what to look at more closely of many alerts."""
    return {(source, m.value) for source, matchers in marked for m in matchers if m.name == "alertname"}


def ack_silences(silences: Iterable[Silence]) -> list[Silence]:
    """Those that acknowledgements set."""
    return [s for s in silences if s.comment.startswith(ACK_MARK)]
