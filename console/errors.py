"""The error tree: every failure the console can name.

::

    WarroomError              what happened, to what, and what to do next
    ├── ConfigError           the configuration is wrong: nothing was started
    ├── BackendError          an outside system did not do what was asked
    │   ├── Unreachable       no connection, DNS failure, TLS failure
    │   ├── TimedOut          no answer in time; a write may still have happened
    │   ├── Unauthorised      401, 403 or expired credentials: re-login helps
    │   ├── RateLimited       429; carries how long to wait
    │   ├── BadAnswer         half a body, HTML for JSON, wrong shape, over size
    │   ├── ServerFailed      5xx; a write may still have happened
    │   └── Rejected          4xx: asked wrongly, nothing happened
    ├── PolicyRefused         read-only mode, missing approval, changed target
    ├── JournalError          the journal could not be written or read
    ├── RunbookError          a runbook is not well formed
    └── Refused               a guard of the domain said no (state machine, missing role)
        └── Moot              nothing is left of what was to be reversed
"""

from __future__ import annotations


class WarroomError(Exception):
    """Base of all errors that are shown to the operator: ``what`` happened and what to do ``next``."""

    def __init__(self, what: str, *, next: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next = next


class ConfigError(WarroomError):
    """The configuration names something wrong: file, line and key stand in the text."""


class BackendError(WarroomError):
    """An outside system failed; ``happened`` says whether a write may have taken effect."""

    happened: bool | None = None
    """``False``: certainly not done. ``None``: unknown, must be looked up."""


class Unreachable(BackendError):
    """No connection could be made, so nothing was done."""

    happened = False


class TimedOut(BackendError):
    """No answer arrived in time; a write may have happened."""


class Unauthorised(BackendError):
    """Credentials are missing, wrong or expired, so nothing was done."""

    happened = False


class RateLimited(BackendError):
    """The service asked to wait ``retry_after`` seconds; nothing was done."""

    happened = False

    def __init__(self, what: str, *, retry_after: float = 0.0, next: str = "") -> None:
        super().__init__(what, next=next)
        self.retry_after = retry_after


class BadAnswer(BackendError):
    """The answer was not what the protocol promises; a write may have happened."""


class ServerFailed(BackendError):
    """The service failed inside (5xx); a write may have happened."""


class Rejected(BackendError):
    """The service refused the request (4xx), so nothing was done."""

    happened = False


class PolicyRefused(WarroomError):
    """The desk's policy does not allow this."""


class JournalError(WarroomError):
    """The journal could not be written or read."""


class RunbookError(WarroomError):
    """A runbook is not well formed; ``problems`` are all of them, each with its line."""

    def __init__(self, what: str, *, problems: tuple[str, ...] = (), next: str = "") -> None:
        super().__init__(what, next=next)
        self.problems = problems


class Refused(WarroomError):
    """A guard of the domain refused: the text says which and how to satisfy it."""


class Moot(Refused):
    """Nothing is left of what an act was to change: it ended by itself, or somebody did it before."""
