"""Silences in force: what the sources listed last, and what was set and ended since, by the journals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from console.clock import Millis
from console.model.action import OperationState
from console.model.alert import Matcher, Silence
from console.model.incident import Incident, Operation

_MATCHER = re.compile(r'(?P<name>[^=!]+)(?P<sign>=~|!~|!=|=)"(?P<value>.*)"', re.S)


class Standing:
    """Silences by key, without waiting for the next poll of their sources."""

    def __init__(self, listed: Iterable[Silence], states: Iterable[Incident], now: Millis) -> None:
        self._known = {s.key: s for s in listed}
        self.ended: set[str] = set()
        """Those that the journals know to have ended, by hand or by themselves."""
        for silence, over in _told(states):
            if over or silence.ends_at <= now:
                self.ended.add(silence.key)
            else:
                self._known.setdefault(silence.key, silence)

    def find(self, key: str) -> Silence | None:
        """The silence, also one that has ended but is still listed."""
        return self._known.get(key)

    def active(self) -> Iterator[Silence]:
        """Those that mute at this moment."""
        return (s for s in self._known.values() if s.state == "active" and s.key not in self.ended)


def _told(states: Iterable[Incident]) -> Iterator[tuple[Silence, bool]]:
    """Silences that operations set, each with whether it has been ended; then those that operations ended."""
    for state in states:
        for operation in state.operations.values():
            outcome = operation.outcome
            key = str(outcome.receipt.get("silence") or "") if outcome is not None else ""
            if key and operation.state is OperationState.SENT:
                silence = _made(key, operation)
                yield silence, not silence.matchers or bool(operation.undone_by)


def _made(key: str, operation: Operation) -> Silence:
    args, receipt = operation.intent.args, operation.outcome.receipt if operation.outcome is not None else {}
    source, _, id = key.partition("/")
    written, ends_at = args.get("matchers"), receipt.get("ends_at")
    matchers = [matcher(str(text)) for text in written] if isinstance(written, list | tuple) else []
    return Silence(
        id, source, tuple(m for m in matchers if m is not None), operation.at,
        ends_at if isinstance(ends_at, int) else 0, operation.by, str(args.get("comment") or ""),
    )  # fmt: skip


def matcher(text: str) -> Matcher | None:
    """The matcher whose text this is; the inverse of ``str(matcher)``."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        return None
    sign = found["sign"]
    return Matcher(found["name"], found["value"], "~" in sign, sign[0] == "=")
