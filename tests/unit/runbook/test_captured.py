"""What commands wrote is kept whole as far as it was caught, and bounded over all of them."""

from __future__ import annotations

from console.ports import Captured, CommandResult
from console.runbook.captured import Captures


def captured(text: str) -> Captured:
    return Captured(("df",), CommandResult(0, (text,), 0, 5), 10, 15)


def test_the_oldest_are_let_go_but_never_the_last() -> None:
    captures = Captures(most=10)
    captures.keep("op-1", captured("a" * 6))
    captures.keep("op-2", captured("b" * 4))
    assert captures.of("op-1") is not None
    captures.keep("op-3", captured("c" * 1))
    assert captures.of("op-1") is None
    captures.keep("op-4", captured("d" * 50))
    assert [captures.of(f"op-{n}") is not None for n in (2, 3, 4)] == [False, False, True]


def test_of_a_check_that_runs_again_the_last_output_is_kept_and_counted_once() -> None:
    captures = Captures(most=10)
    captures.keep("op-0", captured("z" * 2))
    for text in ("a" * 8, "b" * 7, "c" * 8):
        captures.keep("op-1", captured(text))
    found = captures.of("op-1")
    assert found is not None
    assert found.result.output == ("c" * 8,)
    assert captures.of("op-0") is not None
