"""``warroom journal redact``: what it asks of the desk, and that it asks twice."""

from __future__ import annotations

from pathlib import Path

from console.cli.codes import Exit
from console.model.action import Tier
from tests.unit.cli.support import Engine, Run, harmless

ENTRY = "bastion.1000.0:7"
REDACT = ("journal", "redact", "inc-0001", ENTRY, "--reason", "a=b leaked", "--basis", "policy 7")


def test_without_the_entry_once_more_it_is_shown_and_not_done(run: Run, config: Path, engine: Engine) -> None:
    engine.tier = Tier.R3
    result = run(*REDACT)
    assert result.exit_code == Exit.REFUSED
    assert [a.preview for a in engine.actions] == [True]
    assert harmless(result)
    assert run(*REDACT, "--target", "another").exit_code == Exit.REFUSED


def test_confirmed_by_name_it_is_done_with_the_digest_of_what_was_shown(run: Run, config: Path, engine: Engine) -> None:
    engine.tier = Tier.R3
    result = run(*REDACT, "--target", "am/orders")
    assert result.exit_code == Exit.OK, result.output
    assert [(a.id, a.preview, a.digest) for a in engine.actions] == [
        ("entry.redact", True, ""), ("entry.redact", False, "d1"),
    ]  # fmt: skip
    assert engine.actions[1].args == {
        "incident": "INC-0001", "entry": ENTRY, "reason": "a=b leaked", "basis": "policy 7"
    }  # fmt: skip


def test_a_reason_is_wanted_and_a_read_only_console_refuses(run: Run, config: Path, engine: Engine) -> None:
    assert run(*REDACT[:4]).exit_code == Exit.USAGE
    assert run("--read-only", *REDACT, "--target", ENTRY).exit_code == Exit.REFUSED
    assert engine.actions == []
