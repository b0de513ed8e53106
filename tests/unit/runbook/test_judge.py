from __future__ import annotations

import time

import pytest

from console.adapters.command import ProcessRunner
from console.model.runbook import Expect
from console.ports import CommandResult
from console.runbook.judge import Verdict, judge
from tests.unit.runbook.made import result, running


def verdict(expect: Expect, told: CommandResult) -> Verdict:
    return running(lambda: judge(expect, told, ProcessRunner()))


@pytest.mark.parametrize(
    ("expect", "told", "passed", "words"),
    [
        (Expect(), result(0), True, "exit 0"),
        (Expect(), result(0, "91 % used", ""), True, "91 % used"),
        (Expect(), result(0, "a", "b"), True, "exit 0"),
        (Expect(), result(2, "no such disk"), False, "no such disk (exit 2)"),
        (Expect(exit=3), result(3), True, "exit 3"),
        (Expect(exit=None), result(9), True, "exit 9"),
        (Expect(exit=None), result(None, timed_out=True, took_ms=4000), False, "no end within 4 s"),
        (Expect(), result(None, error="x is not installed here"), False, "x is not installed here"),
        (Expect(contains="Ready"), result(0, "not", "Is Ready."), True, "has 'Ready'"),
        (Expect(contains="Ready"), result(0, "no"), False, "no 'Ready'"),
        (Expect(contains="Ready"), result(0, "no", dropped=4), False, "no 'Ready' in the last 1 lines"),
        (Expect(matches=r"^b\d+$"), result(0, "a1", "b22"), True, r"matches ^b\d+$"),
        (Expect(matches=r"^c"), result(0, "a1", "b22"), False, "nothing matches ^c"),
        (Expect(max=1), result(0, "rate", "0.4 x 9"), True, "0.4 <= 1"),
        (Expect(max=1), result(0, "1.5e1"), False, "15 > 1"),
        (Expect(min=-5, max=5), result(0, "-3"), True, "-3 <= 5 and >= -5"),
        (Expect(min=1), result(0, ".5"), False, "0.5 < 1"),
        (Expect(max=80), result(0, "Use%", " 72%"), True, "72 % <= 80 %"),
        (Expect(max=80), result(0, "84.96 %"), False, "84.96 % > 80 %"),
        (Expect(max=0.5), result(0, "p99 0.31 s of 9"), True, "0.31 s <= 0.5 s"),
        (Expect(max=80), result(0, "72 minutes"), True, "72 <= 80"),
        (Expect(), result(2, "two", "lines"), False, "exit 2: lines"),
        (Expect(max=1), result(0, "NaN"), False, "no number in the output"),
        (Expect(max=1), result(0, "web3 v2x"), False, "no number in the output"),
        (Expect(max=1), result(1, "curl: (7) refused"), False, "curl: (7) refused (exit 1)"),
        (Expect(contains="a", max=1), result(0, "a 0"), True, "has 'a', 0 <= 1"),
    ],
)
def test_verdicts(expect: Expect, told: CommandResult, passed: bool, words: str):
    assert verdict(expect, told) == Verdict(passed, words)


def test_an_expression_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.runbook.judge.MATCH_S", 0.3)
    begin = time.monotonic()
    found = verdict(Expect(matches=r"(a+)+$"), result(0, "a" * 60 + "b"))
    assert time.monotonic() - begin < 4
    assert not found.passed
    assert "no answer within" in found.words


def test_an_expression_that_begins_with_a_dash_is_one():
    assert verdict(Expect(matches="-c|x"), result(0, "x")).passed
