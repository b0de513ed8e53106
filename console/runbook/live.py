"""What running steps write, as it comes: a short tail for each, redacted when it is looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from console.runbook.captured import Captures
from console.secret import Redactor

KEPT = 200
"""More than is shown: a private key is recognised by its first line."""
SHOWN = 40


class LiveOutput:
    """Tails by operation; owned by the engine's loop."""

    def __init__(self, redact: Redactor, changed: Callable[[], None] = lambda: None) -> None:
        """``changed`` is called at each line; whoever listens coalesces."""
        self.outputs: dict[str, deque[str]] = {}
        self.captured = Captures()
        self._redact = redact
        self._changed = changed

    def open(self, operation: str) -> Callable[[str], None]:
        """A tail for an operation; the result takes its lines."""
        tail = self.outputs[operation] = deque(maxlen=KEPT)

        def add(line: str) -> None:
            tail.append(line)
            self._changed()

        return add

    def close(self, operation: str) -> None:
        """The operation has ended: its output stands in the journal."""
        self.outputs.pop(operation, None)

    def live(self, operation_id: str) -> tuple[str, ...]:
        """The last lines of a running step, ``()`` if it does not run here."""
        return tail_of(self.outputs.get(operation_id, ()), self._redact, SHOWN)


def tail_of(lines: deque[str] | tuple[str, ...], redact: Redactor, limit: int, width: int = 500) -> tuple[str, ...]:
    """The last lines, redacted as one text (a secret can stretch over lines), each cut to ``width`` characters.

    What is cut off is cut in two steps, so that a secret across the first cut is not left without its end.
    """
    kept = redact.text("\n".join(line[: 2 * width] for line in lines)).split("\n")[-limit:] if lines else []
    return tuple(line if len(line) <= width else line[: width - 1] + "…" for line in kept)
