"""Silences of acknowledgements: renewed by the console on duty while their alert fires, ended when it resolves.

If that console dies, nobody renews them and they run out by themselves: the alert is heard again.
"""

from __future__ import annotations

from console.alerts.acts import Office, ack_silences, end_silence, set_silence
from console.alerts.silencing import exact
from console.clock import Millis
from console.model.action import Action
from console.model.alert import Alert, Silence
from console.model.entry import Actor, ActorType

_BY = Actor("renewal", ActorType.TOOL)
RETRY_MS = 60_000


class Renewal:
    """Looks after marked silences; ``tick`` is called each second by the engine of the console on duty."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._tried: dict[str, Millis] = {}

    async def tick(self, now: Millis) -> None:
        """Renew what is in its last third, end what has nothing left to mute."""
        marked = ack_silences(self._office.silences())
        if not marked:
            return
        alerts = {(a.source, exact(a)): a for a in self._office.store.all() if a.silenced_by}
        term = round(self._office.ack.silence_s * 1000)
        for silence in marked:
            if silence.state != "active" or now - self._tried.get(silence.key, 0) < RETRY_MS:
                continue
            alert = alerts.get((silence.source, silence.matchers))
            row = self._office.store.row(alert.key) if alert is not None else None
            holds = alert is not None and alert.firing and row is not None and bool(row.acked_by)
            if holds and alert is not None and silence.ends_at - now < term / 3:
                self._tried[silence.key] = now
                await self._renew(silence, alert, now + term)
            elif not holds and self._resolved(silence):
                self._tried[silence.key] = now
                await self._end(silence)
        if len(self._tried) > 10_000:
            self._tried = {k: at for k, at in self._tried.items() if now - at < RETRY_MS}

    def _resolved(self, silence: Silence) -> bool:
        """Whether the alert of this silence is known and fires no more."""
        return any(
            a.source == silence.source and not a.firing and exact(a) == silence.matchers
            for a in self._office.store.all()
        )

    async def _renew(self, silence: Silence, alert: Alert, ends_at: Millis) -> None:
        action = Action("renewal", "alert.ack", actor=_BY)
        words = f"renew the silence of {alert.name}: it still fires"
        await set_silence(
            self._office, "", silence.source, silence.matchers, ends_at, silence.comment, words, action,
            id=silence.id, automatic=True,
        )  # fmt: skip

    async def _end(self, silence: Silence) -> None:
        await end_silence(self._office, "", silence, Action("renewal", "alert.unack", actor=_BY))
