"""The filter of ``/``: words and conditions, all of which must hold.

===================  ======================================================================================
``disk h4``          words, each found in name, summary, service, host, cluster or pod; case does not matter
``service=orders``   a label or a normalised entity; ``!=``, ``=~`` and ``!~`` (regular expression) as well
``sev<=2``           severity; ``sev:1``, ``sev>=3``
``is:acked``         ``acked unacked muted resolved firing pending flapping grouped``
``-word -is:muted``  the opposite
``"two words"``      one word with a blank
===================  ======================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from console.alerts.expressions import compiled, full_match, portable
from console.errors import Refused
from console.model.alert import AlertRow, AlertState, Matcher
from console.text import nearest

Test = Callable[[AlertRow], bool]
MOST = 1000
"""Characters of a filter; a longer one is refused, as what was cut off would let more through than it says."""

_PART = re.compile(r'(?P<not>-?)(?P<body>(?:[^\s"]|"[^"]*(?:"|\Z))+)')
_CONDITION = re.compile(r"(?P<name>[A-Za-z_][\w.\-/]*)(?P<sign>=~|!~|!=|=)(?P<value>.*)", re.S)
_SEVERITY = re.compile(r"sev(?:erity)?(?P<sign><=|>=|<|>|:)(?:sev)?(?P<step>.*)", re.I | re.S)
_ENTITIES = ("service", "cluster", "host", "pod", "source", "name")

_STATES: dict[str, Test] = {
    "acked": lambda r: bool(r.acked_by),
    "unacked": lambda r: not r.acked_by and r.alert.firing,
    "muted": lambda r: r.alert.muted,
    "resolved": lambda r: r.alert.state is AlertState.RESOLVED,
    "firing": lambda r: r.alert.firing,
    "pending": lambda r: r.alert.state is AlertState.PENDING,
    "flapping": lambda r: r.flapping,
    "grouped": lambda r: bool(r.group),
}


class Filter(Struct, frozen=True):
    """A parsed filter."""

    text: str
    tests: tuple[Test, ...]
    matchers: tuple[Matcher, ...] | None
    """The same as label matchers, ``None`` if it cannot be said in labels alone."""

    def matches(self, row: AlertRow) -> bool:
        """Whether all conditions hold."""
        for test in self.tests:  # noqa: SIM110 - all() with a generator takes twice as long
            if not test(row):
                return False
        return True


def parse(text: str) -> Filter:
    """The filter, or ``Refused`` naming what is wrong and at which character."""
    if len(text) > MOST:
        raise Refused(f"a filter has {MOST} characters at most", next="mark the alerts with space instead")
    tests: list[Test] = []
    matchers: list[Matcher] | None = []
    for match in _PART.finditer(text):
        body = match["body"].replace('"', "")
        try:
            test, matcher = _part(body)
        except Refused as error:
            raise Refused(f"{error.what} (at character {match.start() + 1})", next=error.next) from None
        if match["not"]:
            tests.append(_not(test))
            matcher = None
        else:
            tests.append(test)
        if matcher is None:
            matchers = None
        elif matchers is not None:
            matchers.append(matcher)
    return Filter(text, tuple(tests), tuple(matchers) if matchers else None)


def _part(body: str) -> tuple[Test, Matcher | None]:
    severity = _SEVERITY.fullmatch(body)
    if severity:
        return _severity(severity["sign"], severity["step"]), None
    if body.startswith("is:"):
        state = body[3:].lower()
        if state not in _STATES:
            near = nearest(state, _STATES)
            raise Refused(f"there is no is:{state}", next=f"did you mean is:{near}?" if near else ", ".join(_STATES))
        return _STATES[state], None
    if body.startswith("group:"):
        name = body[6:]
        return (lambda r: r.group == name), None
    condition = _CONDITION.fullmatch(body)
    if condition:
        return _condition(condition["name"], condition["sign"], condition["value"])
    return _word(body.lower()), None


def _severity(sign: str, word: str) -> Test:
    if word not in ("1", "2", "3", "4", "5"):
        raise Refused("a severity is 1 to 5", next="1 is critical: sev<=2")
    step = int(word)
    tests: dict[str, Test] = {
        "<=": lambda r: r.alert.severity <= step,
        ">=": lambda r: r.alert.severity >= step,
        "<": lambda r: r.alert.severity < step,
        ">": lambda r: r.alert.severity > step,
        ":": lambda r: r.alert.severity == step,
    }
    return tests[sign]


def _condition(name: str, sign: str, value: str) -> tuple[Test, Matcher | None]:
    regex, equal = sign in ("=~", "!~"), sign in ("=", "=~")
    entity = name in _ENTITIES
    if regex:
        compiled(value)

        def found(have: str) -> bool:
            return full_match(value, have) is equal
    else:

        def found(have: str) -> bool:
            return (have == value) is equal

    def test(row: AlertRow) -> bool:
        alert = row.alert
        have = alert.labels.get(name)
        if have is None:
            have = str(getattr(alert, name)) if entity else ""
        return found(have)

    return test, Matcher(name, value, regex, equal) if not regex or portable(value) else None


def _word(word: str) -> Test:
    def test(row: AlertRow) -> bool:
        a = row.alert
        return (
            word in a.summary.lower()
            or word in a.name.lower()
            or word in a.service.lower()
            or word in a.host
            or word in a.cluster.lower()
            or word in a.pod.lower()
        )

    return test


def _not(test: Test) -> Test:
    return lambda row: not test(row)


def matches(matchers: Sequence[Matcher], labels: dict[str, str]) -> bool:
    """Whether a silence mutes an alert: a missing label is the empty one, expressions are anchored."""
    for m in matchers:
        have = labels.get(m.name, "")
        hit = full_match(m.value, have) if m.is_regex else have == m.value
        if hit is not m.is_equal:
            return False
    return True
