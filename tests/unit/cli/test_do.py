"""``warroom do``: what it asks of the desk, and what it asks of the operator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli.codes import Exit
from console.model.action import Reply, Tier
from tests.unit.cli.support import Engine, Run, harmless

SILENCE = ("do", "alert.silence", "--arg", "filter=service=orders", "--arg", "duration=1h", "--arg", "reason=why")


def test_do_lists_what_can_be_done(run: Run) -> None:
    text = run("do").output
    assert "alert.silence" in text
    assert "ui.help" not in text
    listed = json.loads(run("do", "--json").stdout)
    assert {a["id"] for a in listed} >= {"alert.ack", "incident.declare", "step.run"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["alert.silense"], "Did you mean 'alert.silence'?"),
        (["ui.help"], "moves the screen"),
        (["alert.silence", "--arg", "duration=1h"], "needs reason"),
        (["alert.silence", "--arg", "duration=soon", "--arg", "reason=x"], "is not a duration"),
        (["alert.silence", "--arg", "durations=1h"], "Did you mean 'duration'?"),
        (
            ["incident.declare", "--arg", "title=x", "--arg", "severity=SEV1", "--arg", "command=maybe"],
            "command is yes or no, not 'maybe'. Say command=yes: take command yourself.",
        ),
        (["incident.note", "--arg", "text"], "--arg is NAME=VALUE"),
        (["incident.note", "--arg", "text=a", "--arg", "text=b"], "given twice"),
        (["incident.severity", "--arg", "severity=9"], "severity is SEV1, SEV2, SEV3, SEV4 or SEV5, not '9'"),
    ],
)
def test_wrong_usage_of_do_asks_nobody(run: Run, engine: Engine, arguments: list[str], said: str) -> None:
    result = run("do", *arguments)
    assert result.exit_code == Exit.USAGE
    assert said in result.output
    assert engine.actions == []


@pytest.mark.parametrize(("word", "meant"), [("true", "yes"), ("Yes", "yes"), ("0", "no"), ("off", "no")])
def test_yes_and_no_are_understood_in_other_words(run: Run, engine: Engine, word: str, meant: str) -> None:
    run("do", "incident.declare", "--arg", "title=x", "--arg", "severity=SEV1", "--arg", f"command={word}")
    assert engine.actions[0].args["command"] == meant


def test_an_unconfirmed_r2_is_shown_and_not_done(run: Run, config: Path, engine: Engine) -> None:
    result = run(*SILENCE)
    assert result.exit_code == Exit.REFUSED
    assert [a.preview for a in engine.actions] == [True]
    assert "prod eu-1" in result.stderr
    assert "add --yes" in result.stderr
    assert harmless(result)


def test_a_confirmed_r2_is_done_with_the_digest_of_what_was_shown(run: Run, config: Path, engine: Engine) -> None:
    result = run(*SILENCE, "--yes")
    assert result.exit_code == 0
    assert [(a.preview, a.digest) for a in engine.actions] == [(True, ""), (False, "d1")]
    assert engine.actions[1].args == {"filter": "service=orders", "duration": "1h", "reason": "why"}
    assert engine.actions[1].actor.id == "ana"
    assert result.stdout.startswith("silenced 2 alerts")
    assert "undo: expire it" in result.stdout
    assert harmless(result)


def test_preview_only_shows(run: Run, config: Path, engine: Engine) -> None:
    result = run(*SILENCE, "--preview", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["preview"]["target"] == "am/orders"
    assert result.stdout.isascii()
    assert [a.preview for a in engine.actions] == [True]


@pytest.mark.parametrize(
    ("flags", "code"), [(["--yes"], 5), (["--target", "am/other"], 5), (["--target", "am/orders"], 0)]
)
def test_an_r3_wants_its_target(run: Run, config: Path, engine: Engine, flags: list[str], code: int) -> None:
    engine.tier = Tier.R3
    result = run(*SILENCE, *flags)
    assert result.exit_code == code
    assert len(engine.actions) == (2 if code == 0 else 1)


def test_an_r1_is_done_at_once(run: Run, engine: Engine) -> None:
    engine.tier = Tier.R1
    assert run("do", "incident.note", "--arg", "text=a=b", "--arg", "incident=INC-0001").exit_code == 0
    assert [(a.preview, a.args["text"]) for a in engine.actions] == [(False, "a=b")]


def test_an_r1_that_the_desk_finds_riskier_is_asked_for_after_all(run: Run, engine: Engine) -> None:
    arguments = ("do", "desk.undo", "--arg", "operation=op-1")
    assert run(*arguments).exit_code == Exit.REFUSED
    assert run(*arguments, "--yes").exit_code == 0
    assert [a.digest for a in engine.actions] == ["", "", "d1"]


def test_lists_and_parameters_may_be_repeated(run: Run, engine: Engine) -> None:
    engine.tier = Tier.R1
    run("do", "runbook.start", "--arg", "runbook=rollback", "--arg", "params=deploy=checkout", "--arg", "params=to=811")
    run("do", "alert.ack", "--arg", "keys=am/1", "--arg", "keys=am/2")
    assert engine.actions[0].args["params"] == {"deploy": "checkout", "to": "811"}
    assert engine.actions[1].args["keys"] == ["am/1", "am/2"]


@pytest.mark.parametrize(("named", "code"), [("PolicyRefused", 5), ("Unreachable", 4), ("JournalError", 6), ("", 1)])
def test_a_reply_that_is_not_well_says_so_in_its_code(run: Run, engine: Engine, named: str, code: int) -> None:
    engine.reply = Reply("r", False, "no", next="do this", data={"error": named} if named else {})
    result = run("do", "incident.note", "--arg", "text=x")
    assert result.exit_code == code
    assert "warroom: no" in result.stderr
    assert "next: do this" in result.stderr


def test_read_only_comes_from_flag_and_environment_and_refuses(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.tier = Tier.R1
    note = ("do", "incident.note", "--arg", "text=x")
    assert run("--read-only", *note).exit_code == Exit.REFUSED
    assert run(*note, "--read-only").exit_code == Exit.REFUSED
    monkeypatch.setenv("WARROOM_READ_ONLY", "1")
    assert run(*note).exit_code == Exit.REFUSED
    assert engine.actions == []
    run(*note, "--preview")
    monkeypatch.setenv("WARROOM_READ_ONLY", "0")
    assert run(*note).exit_code == Exit.OK
    assert [(c.read_only, a.preview) for c, a in zip(engine.configs, engine.actions, strict=True)] == [
        (True, True), (False, False),
    ]  # fmt: skip


def test_a_fault_of_the_console_shows_no_traceback_and_is_logged(run: Run, engine: Engine, home: Path) -> None:
    engine.error = ZeroDivisionError("secret detail")
    result = run("do", "incident.note", "--arg", "text=x")
    assert result.exit_code == Exit.FAILED
    assert "ZeroDivisionError" in result.stderr
    assert "Traceback" not in result.output
    assert "Traceback" in (home / "state" / "warroom" / "warroom.log").read_text()
