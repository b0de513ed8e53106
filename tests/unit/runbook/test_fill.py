from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import Refused
from console.model.runbook import Step, StepType
from console.runbook import fill

values = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(str.isprintable)
tame = values.filter(lambda v: not set(v) & {"$", "`"} and not v.startswith("-"))


@given(value=values)
@settings(max_examples=300)
def test_a_value_stays_inside_its_own_argument(value: str):
    argv = ("tool", "--to={x}", "--", "{x}", "a{x}b", "${x}", "{{x}}", "{ x }")
    filled = fill.fill_argv(argv, {"x": value})
    assert filled == ("tool", f"--to={value}", "--", value, f"a{value}b", "${x}", "{{x}}", "{ x }")


@given(value=values, other=values)
def test_values_are_not_read_again_for_placeholders(value: str, other: str):
    assert fill.fill_argv(("t", "--", "{x}"), {"x": "{y}", "y": other}) == ("t", "--", "{y}")
    assert fill.fill_argv(("t", "--", "{x}{y}"), {"x": value, "y": other})[2] == value + other


@pytest.mark.parametrize("value", ["-rf", "--output=/etc/passwd", "-"])
def test_a_value_never_becomes_an_option(value: str):
    with pytest.raises(Refused, match="begins with '-'"):
        fill.fill_argv(("tool", "{x}"), {"x": value})
    with pytest.raises(Refused, match="begins with '-'"):
        fill.fill_argv(("tool {x}",), {"x": value}, shell=True)
    assert fill.fill_argv(("tool", "--", "{x}"), {"x": value})[2] == value
    assert fill.fill_argv(("tool", "to={x}"), {"x": value})[1] == f"to={value}"


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\x1b[2J", "\u202etxt", "x" * 2001])
def test_values_are_one_visible_line(value: str):
    with pytest.raises(Refused, match="control characters"):
        fill.fill_argv(("tool", "--", "{x}"), {"x": value})


@given(value=tame)
@settings(max_examples=60, deadline=None)
def test_in_a_script_a_value_is_one_word(value: str):
    script = "v={x}\nprintf '%s\\n' a{x}b \"$v\" | cat; set -- {x} 'q'{x}; printf '%s\\n' \"$#\" \"$2\""
    [filled] = fill.fill_argv((script,), {"x": value}, shell=True)
    told = subprocess.run([*fill.SHELL, filled, "step"], capture_output=True, check=True, timeout=10)
    assert told.stdout.decode().split("\n") == [f"a{value}b", value, "2", f"q{value}", ""]
    assert told.stderr == b""


@pytest.mark.parametrize("value", ["$(id)", "`id`", "$HOME", "a$"])
def test_what_a_shell_could_run_is_no_value_of_a_script(value: str):
    with pytest.raises(Refused, match="a shell could run"):
        fill.fill_argv(("echo {x}",), {"x": value}, shell=True)


@pytest.mark.parametrize(
    "script",
    [
        'echo "{x}"',
        "echo '{x}'",
        "echo \"a 'b' {x}\"",
        "echo \\{x}",
        "echo a # about {x}",
        'echo "$(printf "{x}")"',
        'echo "${a:-"{x}"}"',
        "echo $'it\\'s' {x}",
        "cat <<E\n{x}\nE",
        "echo `echo {x}`",
        "eval {x}",
        "bash -c {x}",
        "/bin/sh -c {x}",
        "ssh host df {x}",
        "trap {x} EXIT",
        ". {x}",
        "[[ {x} -gt 3 ]]",
        "(( {x} > 3 ))",
        "python3 -c {x}",
        "psql -c {x}",
        "awk {x} file",
        "x=1; sed {x} file",
    ],
)
def test_placeholders_where_a_value_could_become_code_are_refused(script: str):
    assert fill.unsafe((script,), True)
    with pytest.raises(Refused):
        fill.fill_argv((script,), {"x": "a"}, shell=True)


@pytest.mark.parametrize(
    "script",
    [
        "df -h -- {x} | tail -n 1",
        "echo 'a'{x}'b' \"c\"{x}",
        'n=$(df -- {x} | wc -l); echo "$n"',
        "grep -e {x} file",
        "awk -v limit={x} '{ print }' file",
        "echo a#b {x}",
        "echo {x} > {x}.out # the end",
    ],
)
def test_ordinary_scripts_are_let_through(script: str):
    assert fill.unsafe((script,), True) == ""


@pytest.mark.parametrize(
    "argv",
    [
        ("sh", "-c", "echo '{x}'"),
        ("kubectl", "exec", "p", "--", "bash", "-ec", 'echo "{x}"'),
        ("python3", "-c", "print({x})"),
        ("sudo", "perl", "-e", "{x}"),
        ("psql", "-c", "select {x}"),
        ("awk", "/{x}/ { print }", "f"),
        ("sed", "s/a/{x}/", "f"),
    ],
)
def test_arguments_that_are_code_are_refused(argv: tuple[str, ...]):
    assert fill.unsafe(argv, False)


def test_the_script_of_an_explicit_shell_is_quoted_too():
    assert fill.fill_argv(("sh", "-c", "rm -- {x}"), {"x": "a b;c"}) == ("sh", "-c", "rm -- 'a b;c'")
    assert fill.unsafe(("sh", "-c", "rm -- {x}"), False) == ""
    assert fill.fill_argv(("sh", "-c", 'rm -- "$1"', "sh", "{x}"), {"x": "a b"})[-1] == "a b"


def test_what_goes_through_ssh_is_read_by_a_shell_over_there():
    argv = ("ssh", "-o", "BatchMode=yes", "--", "{host}", "df", "{mount}")
    assert fill.fill_argv(argv, {"host": "web-1", "mount": "/var/lib"})[-1] == "/var/lib"
    with pytest.raises(Refused, match="ssh"):
        fill.fill_argv(argv, {"host": "web-1", "mount": "/; reboot"})


def test_a_step_is_filled_in_all_its_parts():
    step = Step(
        "s", StepType.COMMAND, "shrink {m}", text="on {m}", argv=("t", "--", "{m}"), undo=("u", "--", "{m}"),
        undo_text="grow {m}", env={"MOUNT": "{m}"},
    )  # fmt: skip
    assert fill.used(step) == {"m"}
    filled = fill.fill_step(step, {"m": "/v r"})
    assert (filled.title, filled.text, filled.undo_text) == ("shrink /v r", "on /v r", "grow /v r")
    assert (filled.argv[2], filled.undo[2], filled.env) == ("/v r", "/v r", {"MOUNT": "/v r"})
    assert fill.shown(filled, filled.argv) == "t -- '/v r'"
    assert fill.command(filled, filled.argv) == ("t", "--", "/v r")
    with pytest.raises(Refused, match="no value for m"):
        fill.fill_step(step, {})


def test_a_script_fails_where_any_part_of_it_fails():
    step = Step("s", StepType.CHECK, "t", argv=("false | cat\necho on",), shell=True)
    argv = fill.command(step, step.argv)
    assert subprocess.run(argv, capture_output=True, timeout=10, check=False).returncode == 1
    assert fill.shown(step, step.argv) == "false | cat; echo on"
    assert shlex.split(shlex.join(argv))[:3] == ["/bin/bash", "-euo", "pipefail"]
