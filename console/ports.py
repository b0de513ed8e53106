"""The ports: what the console asks of outside systems, of the journal, and of whoever serves an action."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from console.clock import Millis
from console.model.action import Action, Intent, Preview, Receipt, Reply
from console.model.alert import Alert, AlertDelta, Matcher, Silence
from console.model.entry import Draft, Entry
from console.model.group import Group
from console.model.metric import Curve, MetricQuery, Rule, Target
from console.model.outbox import EditField
from console.model.source import Probe

# Every adapter method raises only errors of ``console.errors.BackendError``,
# runs on the engine's loop and never blocks it.


class Adapter(Protocol):
    """What every adapter is: named, probed, closed."""

    name: str
    """The configured name."""
    type: str

    async def probe(self) -> Probe:
        """Reachable, authorised, version, latency; never raises."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class AlertSource(Protocol):
    """A system that lists alerts."""

    name: str

    def poll(self) -> AsyncGenerator[AlertDelta, None]:
        """What changed since the last poll, in slices that each cost the loop at most 10 ms.

        The adapter remembers what it listed; an alert that is no longer listed is ``gone``.
        The first poll after an error still tells every difference to what was last yielded.
        """
        ...


@runtime_checkable
class Doubtful(Protocol):
    """A source that tells what of its last answer it could not read."""

    @property
    def odd(self) -> str:
        """One clause; ``""`` = all of it was read."""
        ...


@runtime_checkable
class MetricStore(Protocol):
    """A system that answers range queries."""

    name: str

    async def range(self, query: MetricQuery, start: Millis, end: Millis, step_ms: int) -> Sequence[Curve]:
        """Curves on the grid ``start, start+step_ms … ≤ end``; several when the expression has several series."""
        ...


@runtime_checkable
class Watcher(Protocol):
    """A system that tells what it watches and by which rules."""

    name: str

    async def targets(self) -> Sequence[Target]: ...

    async def rules(self) -> Sequence[Rule]: ...


@runtime_checkable
class Silencer(Protocol):
    """A system in which alerts can be silenced."""

    name: str

    async def silences(self) -> Sequence[Silence]:
        """All that are active or pending."""
        ...

    async def create_silence(
        self,
        matchers: Sequence[Matcher],
        starts_at: Millis,
        ends_at: Millis,
        created_by: str,
        comment: str,
        id: str = "",
    ) -> str:
        """The id of the silence that was set; with ``id``, that one is changed or replaced."""
        ...

    async def expire_silence(self, id: str) -> None:
        """Ends it now; one that has ended already is no error."""
        ...

    def describe_silence(self, matchers: Sequence[Matcher], ends_at: Millis) -> str:
        """The exact call in words for a confirmation: method, address, matchers."""
        ...


class Effect(Protocol):
    """One kind of change outside that its intent alone describes: who comes after a crash can look it up or send it."""

    async def send(self, intent: Intent) -> Receipt: ...

    async def look_up(self, intent: Intent) -> Receipt | None:
        """What ``send`` would have given; ``None`` = it certainly was not done. An error = that cannot be told."""
        ...


@runtime_checkable
class Editing(Protocol):
    """An effect whose intent may be changed while it waits, or after it failed."""

    def fields(self, intent: Intent) -> Sequence[EditField]:
        """What of it may be changed, with what it is; none = nothing."""
        ...

    def edited(self, intent: Intent, changes: Mapping[str, str], by: str, now: Millis) -> Intent:
        """The intent with these fields changed, its target the same. Raises ``Refused`` for a value that cannot be."""
        ...


class Answer(Struct, frozen=True):
    """One answer of a backend as it came."""

    method: str
    address: str
    """Path and query below the source's base address."""
    status: int
    at: Millis
    """When all of it was here."""
    size: int
    body: bytes | None
    """Unpacked; ``None`` = it was too large to be kept."""


@runtime_checkable
class Answering(Protocol):
    """An adapter that keeps what its backend answered last."""

    def answers(self) -> Sequence[Answer]:
        """The last answer of each address that was asked lately, the latest last; bounded."""
        ...


class AnchorReceipt(Struct, frozen=True):
    """What a sink says of the lines it took."""

    sink: str
    text: str = ""
    """Where they are to be found."""


class AnchorSink(Protocol):
    """A place outside that keeps lines naming the heads of lanes: a log, a file, a chat thread, a pager's note."""

    name: str

    async def put(self, lines: Sequence[str]) -> AnchorReceipt:
        """Taken on return; bounded in time, never blocks the loop. Raises ``BackendError``."""
        ...


class CommandResult(Struct, frozen=True):
    """How a command ended."""

    exit: int | None
    """``None``: it was killed at its time-out or could not be started."""
    output: tuple[str, ...]
    """Standard output and error in order of arrival, cleaned; the last ``max_lines``."""
    dropped: int
    """Lines before those that were let go."""
    took_ms: int
    timed_out: bool = False
    digest: str = ""
    """SHA-256 over all output bytes, lower-case hex."""
    error: str = ""
    """Why it could not be started."""


class Captured(Struct, frozen=True):
    """A command that ran here, with all of its output that is kept."""

    argv: tuple[str, ...]
    result: CommandResult
    began_at: Millis
    ended_at: Millis


class CommandRunner(Protocol):
    """Runs argv lists in a process group of their own."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout_s: float,
        stdin: bytes = b"",
        on_output: Callable[[str], None] | None = None,
    ) -> CommandResult:
        """Runs to its end; at the time-out the whole group gets SIGTERM, 2 s later SIGKILL.

        ``env`` is added to a small allow-list of the console's own environment.
        """
        ...


class Ledger(Protocol):
    """Where the desk writes: incident journals and the watch."""

    async def append(self, incident: str, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Durable on return; one transaction. ``incident=""`` is the watch."""
        ...


class Correlator(Protocol):
    """Puts alerts into groups, streaming; cost per change independent of how many there are."""

    def apply(self, changed: Sequence[Alert], gone: Sequence[str], now: Millis) -> Mapping[str, str]:
        """Take in what changed; returns the group of each alert whose group is another than before."""
        ...

    def expire(self, now: Millis) -> None:
        """Close what time has closed, in small steps."""
        ...

    def group_of(self, key: str) -> str:
        """The group of an alert, ``""`` if it is unknown."""
        ...

    def dirty(self) -> Mapping[str, GroupFacts | None]:
        """Groups that changed since the last call; ``None`` = the group is gone."""
        ...


class GroupFacts(Struct, frozen=True):
    """What the correlator knows of a group; counts and wording are made from it by the alert store."""

    key: str
    root: str
    """Key of the root-most alert."""
    why: tuple[str, ...]


class Handler(Protocol):
    """Serves one action of the table; built by a capability, called by the engine and by ``warroom do``."""

    async def preview(self, action: Action) -> Preview:
        """What it would do; changes nothing."""
        ...

    async def perform(self, action: Action) -> Reply:
        """Does it through the desk. Errors of the tree become the reply's text."""
        ...


class Alerts(Protocol):
    """What other parts may ask of the alert store."""

    def alert(self, key: str) -> Alert | None: ...

    def group(self, key: str) -> Group | None: ...

    def matching(self, filter: str) -> Sequence[Alert]:
        """Alerts that a filter lets through."""
        ...
