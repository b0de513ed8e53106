"""Help, usage, exit codes, and what happens without a terminal or a configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.codes import MEANING, Exit, code_named, code_of
from console.cli.root import COMMANDS
from console.errors import BadAnswer, ConfigError, JournalError, PolicyRefused, Refused, WarroomError
from tests.unit.cli.support import ROOT, Run


def test_help_names_every_command_and_exit_code(run: Run) -> None:
    text = run("--help").output
    assert all(f"  {name}" in text for name in COMMANDS)
    assert all(f"  {int(code)}  " in text for code in MEANING)
    assert run().exit_code == Exit.USAGE


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_the_line_it_is_listed_with(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 80


def test_exit_codes_are_documented() -> None:
    text = (ROOT / "console" / "cli" / "README.md").read_text()
    assert all(f"| {int(code)} | {meaning} |" in text for code, meaning in MEANING.items())


def test_an_unknown_command_is_met_with_the_nearest(run: Run) -> None:
    result = run("incidents")
    assert result.exit_code == Exit.USAGE
    assert "Did you mean 'incident'?" in result.output


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 3), (BadAnswer("x"), 4), (PolicyRefused("x"), 5), (Refused("x"), 5), (JournalError("x"), 6),
        (WarroomError("x"), 1),
    ],
)  # fmt: skip
def test_codes_of_errors(error: WarroomError, code: int) -> None:
    assert code_of(error) == code_named(type(error).__name__) == code


def test_unknown_names_are_failures() -> None:
    assert code_named("Nothing") == code_named("") == code_named("annotations") == Exit.FAILED


def test_run_without_a_configuration_says_what_to_do(run: Run, home: Path) -> None:
    result = run("run")
    assert result.exit_code == Exit.CONFIG
    assert "warroom init" in result.output
    assert "warroom demo" in result.output
    assert str(home / "config" / "warroom" / "config.yaml") in result.output


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_screen_needs_a_terminal(run: Run, config: Path, command: str) -> None:
    result = run(command)
    assert result.exit_code == Exit.USAGE
    assert "there is no terminal here" in result.output


def test_a_wrong_configuration_is_told_line_by_line(run: Run, config: Path) -> None:
    config.write_text("mouze: true\nutc: perhaps\n")
    result = run("run")
    assert result.exit_code == Exit.CONFIG
    assert f"warroom: {config}:1: mouze: there is no such key; did you mean 'mouse'?" in result.output
    assert f"warroom: {config}:2: utc: true or false is expected" in result.output


def test_a_named_configuration_must_be_there(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--config", str(home / "x.yaml"), "incident", "list").exit_code == Exit.CONFIG
    assert run("incident", "list", "--config", str(home / "x.yaml")).exit_code == Exit.CONFIG
    monkeypatch.setenv("WARROOM_CONFIG", str(home / "y.yaml"))
    assert run("incident", "list").exit_code == Exit.CONFIG


def test_init_writes_once_for_the_owner_alone_what_loads(run: Run, home: Path) -> None:
    result = run("init")
    path = home / "config" / "warroom" / "config.yaml"
    assert result.exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == (ROOT / "config.example.yaml").read_bytes()
    path.write_text("operator: me\n")
    assert run("init").exit_code == Exit.CONFIG
    assert path.read_text() == "operator: me\n"
    assert run("init", str(home / "other.yaml")).exit_code == 0


def test_init_follows_no_link_and_says_what_failed(run: Run, home: Path) -> None:
    (home / "link.yaml").symlink_to(home / "target.yaml")
    assert run("init", str(home / "link.yaml")).exit_code == Exit.CONFIG
    assert not (home / "target.yaml").exists()
    assert run("init", "/proc/warroom.yaml").exit_code == Exit.CONFIG


def test_a_reader_that_goes_away_is_no_fault(home: Path) -> None:
    shell = f"{sys.executable} -m console do --json | head -c 1"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
    )
    assert done.stdout == "["
    assert "Traceback" not in done.stderr


def test_version_says_what_it_stands_on(run: Run) -> None:
    assert json.loads(run("version", "--json").stdout).keys() >= {"warroom", "textual", "python"}
    assert run("version").stdout.startswith("warroom ")
