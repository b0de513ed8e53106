"""Secrets by reference: found, or refused without a word of what was read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from console import reference
from console.config import resolve
from console.errors import ConfigError


def test_a_secret_from_each_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN_HERE", "from the environment")
    file = tmp_path / "token"
    file.write_text("from a file\n")
    file.chmod(0o600)
    assert resolve("env:TOKEN_HERE").reveal() == "from the environment"
    assert resolve(f"file:{file}").reveal() == "from a file"
    assert resolve(f"cmd:{sys.executable} -c 'print(\"from a program\")'").reveal() == "from a program"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "token"
    file.write_text("tell-nobody")
    file.chmod(mode)
    with pytest.raises(ConfigError, match="others may read") as caught:
        resolve(f"file:{file}")
    assert caught.value.next.startswith("chmod 600 ")
    assert "tell-nobody" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hunter2", "not given as a reference"),
        ("env:", "not given as a reference"),
        ("env:SURELY_NOT_SET_1", "is not set"),
        ("file:/nowhere/token", "cannot be read"),
        ("file:/dev/null", "is not a file"),
        ("cmd:/nowhere/program --password=hunter2", "cannot be run"),
        ("cmd:'open", "not a command line"),
        (f"cmd:{sys.executable} -c 'print(\"hunter2\"); exit(3)'", "failed with exit code 3"),
        (f"cmd:{sys.executable} -c 'print(\"hunter2\"); print(2)'", "several lines"),
        (f"cmd:{sys.executable} -c 'pass #hunter2'", "is empty"),
        (f"cmd:{sys.executable} -c 'import os; os.write(1, bytes([255]))'", "is not text"),
    ],
)
def test_each_failure_is_named_without_the_secret(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        resolve(text)
    assert "hunter2" not in caught.value.what + caught.value.next
    assert caught.value.__cause__ is None


def test_a_program_that_asks_something_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "COMMAND_S", 0.05)
    with pytest.raises(ConfigError, match="took over"):
        resolve(f"cmd:{sys.executable} -c 'import time; time.sleep(30)'")


def test_a_program_is_not_asked_at_every_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = tmp_path / "count"
    said = f"cmd:sh -c 'echo x >> {count}; wc -l < {count}'"
    assert [resolve(said).reveal().strip() for _ in range(3)] == ["1", "1", "1"]
    reference.forget()
    assert resolve(said).reveal().strip() == "2"
    monkeypatch.setattr(reference, "KEPT_S", 0.0)
    assert resolve(said).reveal().strip() == "3"


def test_a_pipe_in_place_of_a_secret_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token", 0o600)
    with pytest.raises(ConfigError, match="is not a file"):
        resolve(f"file:{tmp_path / 'token'}")
