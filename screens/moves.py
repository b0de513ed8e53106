"""Where an incident can go from here, as the status menu offers it, by the rules of ``console.model.lifecycle``."""

from __future__ import annotations

from console.actions import TABLE
from console.clock import Millis
from console.model.incident import Incident, Status
from console.model.lifecycle import hindrance, ways, words

STATES = {
    Status.INVESTIGATING: "looking for the cause",
    Status.IDENTIFIED: "the cause is known, or a way to mitigate is agreed on",
    Status.MONITORING: "mitigated; watching that it holds",
    Status.RESOLVED: "back to normal",
    Status.POSTMORTEM: "back to normal; the review is being written",
    Status.CLOSED: "nothing is left to do",
    Status.FALSE_POSITIVE: "there was no impact",
}
"""What the states mean, in the order of the menu; merging needs another incident and has no place in it."""


def open_moves(incident: Incident, who: str, now: Millis) -> list[Status]:
    """The states that this operator can move the incident to at this moment."""
    return [s for s in _following(incident) if not hindrance(incident, s, who, now)[0]]


def stuck(incident: Incident, who: str, now: Millis) -> str:
    """Why there is no move at all, ``""`` if there is one."""
    if open_moves(incident, who, now):
        return ""
    following = _following(incident)
    if not following:
        return f"{incident.key} is {words(incident.status)}: its state is final"
    what, onward = hindrance(incident, following[0], who, now)
    return f"{what}: {onward}"


def _following(incident: Incident) -> list[Status]:
    choices = next(a.choices for a in TABLE["incident.status"].args if a.name == "status")
    onward = ways(incident.status)
    return [s for s in STATES if s in onward and s in choices]
