from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import RunbookError
from console.model.action import Tier
from console.model.runbook import Expect, StepType
from console.runbook.form import MAX_BYTES, Problem
from console.runbook.lint import examine, lint, lint_all
from console.runbook.load import load, parse
from tests.unit.runbook.made import BOOK

HEAD = "id: a\ntitle: A\nversion: '1'\nowner: o\ntriggers: [t]\n"


def problems(steps: str, head: str = HEAD) -> list[Problem]:
    return examine(f"{head}steps:\n{steps}".encode())[1]


def told(steps: str, head: str = HEAD) -> str:
    return "\n".join(f"{p.level} {p}" for p in problems(steps, head))


CHECK = "  - {id: s, type: check, title: t, argv: [df]}\n"


def command(**keys: str) -> str:
    fields = {"id": "s", "type": "command", "title": "t", "risk": "R2", "argv": "[c]", "undo": "[u]", **keys}
    return "  - {" + ", ".join(f"{k}: {v}" for k, v in fields.items() if v) + "}\n"


def test_a_good_one_is_loaded_whole():
    book = parse(BOOK.encode(), "roll-back.yaml")
    assert (book.id, book.version, book.params) == ("roll-back", "3", {"mount": "/var", "size": ""})
    look, _, shrink, soft, gone, verify = book.steps
    assert (look.type, look.tier, look.expect) == (StepType.CHECK, Tier.R0, Expect(max=80.0))
    assert (shrink.tier, shrink.timeout_s, shrink.undo[0], verify.within_s) == (Tier.R2, 20.0, "shrinker", 60.0)
    assert (soft.idempotent, gone.undo, gone.tier) == (True, (), Tier.R3)
    assert lint_lines(BOOK) == []


def lint_lines(text: str) -> list[str]:
    return [str(p) for p in examine(text.encode(), "roll-back.yaml")[1]]


@pytest.mark.parametrize(
    ("steps", "line", "text"),
    [
        ("  - {id: s, type: check, title: t, argv: [df], tiemout: 3s}\n", 7, "did you mean 'timeout'"),
        ("  - {id: s, type: chekc, title: t, argv: [df]}\n", 7, "did you mean 'check'"),
        ("  - {id: s, type: check, argv: [df]}\n", 7, "step 1 title: is missing"),
        ("  - {type: manual, title: t}\n", 7, "step 1 id: is missing"),
        (CHECK + CHECK, 8, "that of step 1 too"),
        ("  - {id: 'a b', type: manual, title: t}\n", 7, "an id has letters"),
        ("  - {id: s, type: check, title: t}\n", 7, "needs argv"),
        ("  - {id: s, type: check, title: t, argv: df -h}\n", 7, "a list is expected"),
        ("  - {id: s, type: check, title: t, argv: [df, [a]]}\n", 7, "one argument is expected"),
        ("  - {id: s, type: check, title: t, argv: [df], shell: true}\n", 7, "one string is expected"),
        ("  - {id: s, type: check, title: t, argv: [df], risk: R1}\n", 7, "a check only reads"),
        ("  - {id: s, type: check, title: t, argv: [df], undo: [x]}\n", 7, "nothing to undo"),
        ("  - {id: s, type: manual, title: t, argv: [df]}\n", 7, "a manual step runs nothing"),
        ("  - {id: s, type: check, title: t, argv: ['']}\n", 7, "no program to run"),
        (command(risk=""), 7, "say risk R1, R2 or R3"),
        (command(risk="R9"), 7, "R0 (reads)"),
        (command(undo=""), 7, "needs undo"),
        (command(undo="none"), 7, "what cannot be undone is R3"),
        (command(timeout="0.2s"), 7, "from 1 s to 6 h"),
        (command(timeout="7h"), 7, "from 1 s to 6 h"),
        (command(timeout="soon"), 7, "a duration is expected"),
        (command(within="5m"), 7, "only a check is repeated"),
        (command(expect="{matches: '('}"), 7, "does not compile"),
        (command(expect="{min: 3, max: 2}"), 7, "nothing is at least 3 and at most 2"),
        (command(expect="{exit: 256}"), 7, "0 to 255"),
        (command(expect="{exit: -1}"), 7, "0 to 255"),
        (command(expect="{max: .nan}"), 7, "number is expected"),
        (command(argv="[c, '{host}']"), 7, "{host} is no parameter"),
        (command(argv="['sh', '-c', 'echo \"{host}\"']"), 7, "stands in quotes"),
        (command(env="{PGPASSWORD: hunter2}"), 7, "a secret does not belong"),
        (command(env="{LD_PRELOAD: /x.so}"), 7, "run other code"),
        (command(env="{'a b': c}"), 7, "name of a variable"),
        (command(argv="[curl, -H, 'Authorization: Bearer abcdef']"), 7, "looks like a secret"),
        (command(title="x" * 81), 7, "81 characters"),
        ("  - {id: s, type: manual, title: t, expect: {contains: x}}\n", 7, "no output to compare"),
        ("  - {id: s, id: s, type: manual, title: t}\n", 7, "stands here again"),
        ("  - [a\n", 8, ""),
        ("  x: 1\n", 7, "the list of steps"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(steps: str, line: int, text: str):
    found = [p for p in problems(steps) if p.level == "error"]
    assert any(text in p.text and p.line == line for p in found), found
    with pytest.raises(RunbookError) as caught:
        parse(f"{HEAD}steps:\n{steps}".encode())
    assert len(caught.value.problems) == len(found)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ("  - {id: s, type: check, title: t, argv: [systemctl, restart, x]}\n", "seems to change something"),
        ("  - {id: s, type: check, title: t, argv: [rm, x]}\n", "seems to change something"),
        ("  - {id: s, type: check, title: t, argv: [curl, -X, POST, u]}\n", "seems to change something"),
        (command(argv="[rm, -rf, /x]", risk="R1"), "seems to destroy something"),
        (command(argv="[ls, '|', wc]"), "no shell reads this"),
        (command(argv="[ls, '${HOME}']"), "no shell reads this"),
        ("  - {id: s, type: manual, title: t, risk: R2}\n", "risk of a manual step"),
    ],
)
def test_what_is_unwise_is_a_warning_and_can_be_loaded(steps: str, text: str):
    assert text in told(steps)
    assert {p.level for p in problems(steps)} == {"warning"}
    assert parse(f"{HEAD}steps:\n{steps}".encode()).steps


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("id: a\ntitle: A\nowner: o\n", "version: is missing"),
        ("id: ../a\ntitle: A\nversion: '1'\n", "it has letters"),
        (HEAD + "params: {Host: x}\n", "small letters"),
        (HEAD + "params: {db_password: ''}\n", "give a secret to a step by env"),
        (HEAD + "stpes: []\n", "did you mean 'steps'"),
    ],
)
def test_the_head_is_looked_at_too(head: str, text: str):
    assert text in told(CHECK, head)


def test_unused_parameters_and_missing_owners_are_mentioned():
    text = told(CHECK, "id: a\ntitle: A\nversion: '1'\nparams: {x: ''}\n")
    assert "params.x: no step refers to it" in text
    assert "nobody is named" in text
    assert "never suggested" in text


def test_nothing_is_concluded_from_what_could_not_be_read():
    steps = (
        "  - {id: s, type: chek, title: t, argv: [df], undo: [x]}\n"
        "  - {id: t, type: command, titel: t, argv: df -h, risk: R5, undo: none}\n"
    )
    assert [(p.line, p.text.split(":")[0]) for p in problems(steps) if p.level == "error"] == [
        (7, "step 1 type"), (8, "step 2 argv"), (8, "step 2 risk"), (8, "step 2 titel"),
    ]  # fmt: skip


def test_a_placeholder_is_told_where_it_stands_with_the_nearest_parameter():
    head = HEAD + "params: {service: ''}\n"
    steps = "  - id: s\n    type: check\n    title: t {service}\n    argv: [df, '{servce}']\n    text: '{other}'\n"
    found = {(p.line, p.text) for p in examine(f"{head}steps:\n{steps}".encode())[1] if p.level == "error"}
    assert found == {
        (11, "step 1: {servce} is no parameter; did you mean {service}? Else add it to params, or write { servce } for "
             "the braces themselves"),
        (12, "step 1: {other} is no parameter; add it to params, or write { other } for the braces themselves"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("id: a\ntitle: a: b\n", "put a text that holds ': ' into quotes"),
        ('id: a\ntitle: "x\n', "a quote or a bracket is not closed"),
        ("id: a\n\tx: 1\n", "indent with blanks"),
        ("id: a\nsteps:\n  - a: 1\n b: 2\n", "not indented like"),
    ],
)
def test_what_yaml_says_is_explained(text: str, hint: str):
    (problem,) = examine(text.encode())[1]
    assert hint in problem.text
    assert problem.line > 0


def test_two_of_one_id_are_told_across_a_folder(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"{HEAD}steps:\n{CHECK}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.yaml").write_text(f"{HEAD}steps:\n{CHECK}")
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "other" / "a.yaml", tmp_path / "a.yaml"]
    found = lint_all(paths)
    assert list(found) == paths[:3]
    assert [any("too" in p.text for p in found[path]) for path in paths[:3]] == [False, True, False]
    assert f"id: 'a' is that of {tmp_path / 'a.yaml'} too" in [p.text for p in found[tmp_path / "b.yaml"]]


def test_all_problems_are_told_at_once_and_in_order():
    lines = [p.line for p in problems(command(undo="", timeout="9h") + "  - {id: s, type: check, title: t}\n")]
    assert lines == sorted(lines)
    assert len(lines) == 5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"a: &a [*a]",
        b"- " * 50_000,
        b"[" * 5000,
        b"a: 1\n---\nb: 2",
        b"!!python/object/apply:os.system ['id']",
        b"steps: !!python/name:os.system",
        b"x" * (MAX_BYTES + 1),
        b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (n, n, b"*%c," % (n - 1) * 9) for n in b"bcdefg"),
        b"steps: 3",
        b"steps: [3, [], {}]",
        b"\0",
    ],
)
def test_hostile_files_are_told_as_not_well_formed(data: bytes):
    with pytest.raises(RunbookError):
        parse(data)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_bytes_never_raise_anything_else(data: bytes):
    _only_a_book_or_its_problems(data)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_mangled_runbooks_never_raise_anything_else(data: st.DataObject):
    text = bytearray(BOOK.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    _only_a_book_or_its_problems(bytes(text))


_keys = ["id", "type", "title", "risk", "argv", "undo", "shell", "env", "expect", "timeout", "within", "text", "x"]
_leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(["none", "R1"])
)
_tree = st.recursive(_leaf, lambda t: st.lists(t, max_size=3) | st.dictionaries(st.sampled_from(_keys), t, max_size=4))


@given(
    st.dictionaries(
        st.sampled_from([*_keys, "steps", "params", "version"]), st.one_of(_tree, st.lists(_tree, max_size=3))
    )
)
@settings(max_examples=200, deadline=None)
def test_other_shapes_never_raise_anything_else(tree: dict[str, object]):
    import yaml

    _only_a_book_or_its_problems(yaml.safe_dump(tree).encode())


def _only_a_book_or_its_problems(data: bytes) -> None:
    book, found = examine(data)
    assert all(p.text.isprintable() and len(p.text) <= 500 for p in found)
    if any(p.level == "error" for p in found):
        with pytest.raises(RunbookError):
            parse(data)
    else:
        assert parse(data) == book
        assert book.steps


def test_files_that_cannot_be_read(tmp_path: Path):
    assert lint(tmp_path / "none.yaml")[0].text == "there is no such file"
    assert lint(tmp_path)[0].level == "error"
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    assert lint(fifo)[0].text == "there is no such file"
    big = tmp_path / "big.yaml"
    big.write_bytes(b"#" * (MAX_BYTES + 10))
    assert "larger than" in lint(big)[0].text
    with pytest.raises(RunbookError, match="fifo"):
        load(fifo)


def test_the_file_is_called_like_the_runbook(tmp_path: Path):
    path = tmp_path / "other.yaml"
    path.write_text(BOOK)
    assert ["call both alike" in p.text for p in lint(path)] == [True]
    assert load(path).path == str(path)
