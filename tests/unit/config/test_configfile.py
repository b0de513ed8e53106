"""The configuration file: what it may say, and how each mistake is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import AnchorConfig, Config, JournalConfig, SourceConfig, load
from console.configfile import TYPES, parse
from console.errors import ConfigError
from console.paths import shipped

HERE = Path("/etc/warroom/config.yaml")


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), HERE)
    return caught.value.what.split("\n")


def source(body: str) -> str:
    return "sources:\n  prom:\n    type: prometheus\n    url: http://localhost:9090\n" + body


def test_the_shipped_example_is_valid_and_says_something_of_every_source_type() -> None:
    config = parse(shipped("config.example.yaml").read_bytes(), HERE)
    assert {s.type for s in config.sources} == set(TYPES)
    assert len(config.metrics) == 3
    assert config.lines["sources.alertmanager.url"] > 0
    assert Config(sources=config.sources, metrics=config.metrics, path=str(HERE), lines=config.lines) == config


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~", "sources:\n"])
def test_an_empty_file_is_valid(text: str) -> None:
    assert parse(text.encode(), HERE) == Config(path=str(HERE), lines={"sources": 1} if "sources" in text else {})


def test_values_become_what_their_keys_ask_for() -> None:
    text = source(
        "    poll: 2m\n    timeout: 0.5\n    proxy: https://proxy/\n    ca: certs/ca.pem\n    login: [sso, login]\n"
        "    options: {alerts: false}\n    headers: {X-Org: '7', X-Api-Key: 'env:KEY'}\n"
        "    auth: {user: 'env:U', password: {cmd: [pass, show, 'a b']}}\n"
    )
    got = parse((text + "utc: yes\nsettle: 90\noperator: 007\nkeys: {alert.ack: [a, f6]}\n").encode(), HERE)
    assert got.sources == (
        SourceConfig(
            "prom", "prometheus", "http://localhost:9090", 120.0, 0.5,
            {"user": "env:U", "password": "cmd:pass show 'a b'"},
            {"X-Org": "7", "X-Api-Key": "env:KEY"}, "/etc/warroom/certs/ca.pem", "https://proxy", ("sso", "login"), "",
            {"alerts": False},
        ),
    )  # fmt: skip
    assert (got.utc, got.settle_s, got.operator, got.keys) == (True, 90.0, "007", {"alert.ack": "a,f6"})


def test_anchors_of_the_journal() -> None:
    text = "journal:\n  anchors: [{syslog: true}, {file: anchors.log}]\n  every_entries: 20\n  every_minutes: 0.5\n"
    got = parse(text.encode(), HERE).journal
    anchors = (AnchorConfig(syslog="auth"), AnchorConfig(file="/etc/warroom/anchors.log"))
    assert got == JournalConfig(anchors, 20, 0.5)
    assert parse(b"journal: {anchors: [{syslog: local3}]}", HERE).journal.anchors == (AnchorConfig("local3"),)
    text = (
        "journal:\n  anchors:\n  - syslog: auht\n  - {}\n  - {syslog: true, file: x}\n  - {file: y}\n  - {file: y}\n"
        "  every_entries: 1.5\n  every_minutes: 9999\n  anchor: x\n"
    )
    assert [p.partition(": ")[2] for p in problems(text)] == [
        "journal.anchors.0.syslog: true or a facility is expected; did you mean 'auth'?",
        "journal.anchors.1: either syslog or file is expected",
        "journal.anchors.2: either syslog or file is expected",
        "journal.anchors.4: the same stands here twice",
        "journal.every_entries: a whole number between 1 and 100000 is expected",
        "journal.every_minutes: between 0.5 and 1440 is expected",
        "journal.anchor: there is no such key; did you mean 'anchors'?",
    ]
    assert "a list is expected" in problems("journal: {anchors: {syslog: true}}")[0]


def test_every_problem_is_told_at_once_with_line_and_nearest_key() -> None:
    text = "operater: ana\nmouse: perhaps\nsources:\n  p:\n    type: prometeus\n    urll: http://x\n    poll: soon\n"
    assert problems(text) == [
        f"{HERE}:1: operater: there is no such key; did you mean 'operator'?",
        f"{HERE}:2: mouse: true or false is expected",
        f"{HERE}:4: sources.p: url is missing",
        f"{HERE}:5: sources.p.type: there is no source of this type; did you mean 'prometheus'?",
        f"{HERE}:6: sources.p.urll: there is no such key; did you mean 'url'?",
        f"{HERE}:7: sources.p.poll: a duration is expected, such as 5s, 2m or a number of seconds",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mouse: true\nmouse: false\n", ":2: the key 'mouse' stands here again; it is first on line 1"),
        ("sources: [a]\n", ":1: sources: a list stands where keys with values are expected"),
        ("- a\n", ":1: the file: a list stands where keys with values are expected"),
        ("mouse: [", "expected"),
        ("mouse: true\n---\nmouse: false\n", ":2: it holds more than one document"),
        ("mouse: !!python/object/apply:os.system [id]\n", ":1: "),
        ("mouse: !now x\n", ":1: the tag !now is not known here"),
        ("theme: *gone\n", ":1: the alias *gone names nothing above it"),
        ("theme: " + "[" * 40 + "]" * 40, ":1: it is nested deeper than 12 levels"),
        ("redact: ['(']\n", ":1: redact: a regular expression is expected; this one does not compile"),
        ("folder: ~nobody-has-this-name/x\n", ":1: folder: a path is expected; nobody's home folder is called that"),
        (source("    options: {alert: no}\n"), ":5: sources.prom.options.alert: there is no such option; did you mean"),
        (source("    timeout: 1h\n"), ":5: sources.prom.timeout: between 0.1 and 300 s is expected"),
        (source("    auth: {bearer: 'env:A', user: 'env:B'}\n"), "either bearer, or user and password, is expected"),
        (source("    auth: {user: 'env:B'}\n"), "user and password are expected together"),
        (source("    auth: {password: {cmd: []}}\n"), ":5: sources.prom.auth.password: "),
        (source("    headers: {'a b': x}\n"), ":5: sources.prom.headers.a b: this cannot be the name of a header"),
        (source("metrics:\n  - {title: t, source: prim, query: up}\n"), "no source of this name; did you mean 'prom'?"),
        (source("metrics:\n  - {title: t, query: up}\n"), ":6: metrics.0: source is missing"),
        ("metrics:\n  - {title: t, source: p, query: up, limit: much}\n", ":2: metrics.0.limit: a number is expected"),
        ("grouping: {severities: {page: 9}}\n", "a severity from 1 (worst) to 5 is expected"),
        ("sources: {'../x': {type: prometheus, url: 'http://x'}}\n", "a source's name has letters, digits"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(text: str, said: str) -> None:
    assert said in "\n".join(problems(text))


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "localhost:9090", "http://", "http://a b", "http://[::1", "http://u:pa55@x", "http://x/?q=1", "[]"],
)
def test_only_plain_web_addresses_are_taken(url: str) -> None:
    said = problems(f"sources: {{p: {{type: prometheus, url: '{url}'}}}}\n")
    assert "sources.p.url" in said[0]
    assert "pa55" not in said[0]


@pytest.mark.parametrize(
    "place", ["auth: {bearer: VALUE}", "headers: {Authorization: VALUE}", "headers: {X-Api-Key: VALUE}"]
)
@pytest.mark.parametrize("value", ["hunter2-hunter2", "'Bearer abcdef'", "{cmd2: [x]}", "'env:'"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(place: str, value: str) -> None:
    said = "\n".join(problems(source(f"    {place.replace('VALUE', value)}\n")))
    assert "hunter2" not in said
    assert "abcdef" not in said
    assert ":5: sources.prom." in said


def test_aliases_cannot_multiply() -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, before in zip("bcdefg", "abcdef", strict=True):
        text += f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    assert "it holds more than 20000 values" in problems(text)[0]


def test_a_file_over_a_megabyte_is_refused() -> None:
    assert "larger than 1024 kB" in problems("# " + "x" * (1 << 20))[0]


def test_hostile_keys_reach_messages_cleaned() -> None:
    said = "\n".join(problems('"\\e]0;owned\\a\\u202e": 1\n'))
    assert said.isprintable()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("theme: warroom\nread_only: true\nfolder: here\n")
    file.chmod(0o600)
    plain = load(file, {})
    assert (plain.theme, plain.read_only, plain.folder) == ("warroom", True, str(tmp_path / "here"))
    over = load(file, {"WARROOM_THEME": "warroom-ansi", "WARROOM_READ_ONLY": "0", "WARROOM_STATE": "/var/tmp/w"})
    assert (over.theme, over.read_only, over.folder) == ("warroom-ansi", False, "/var/tmp/w")
    with pytest.raises(ConfigError, match="WARROOM_READ_ONLY"):
        load(file, {"WARROOM_READ_ONLY": "maybe"})


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_change_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("")
    file.chmod(mode)
    with pytest.raises(ConfigError, match="others may change") as caught:
        load(file, {})
    assert caught.value.next == f"chmod go-w {file}"


def test_what_is_not_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="is not a file"):
        load(tmp_path / "pipe", {})
    with pytest.raises(ConfigError, match="is not a file"):
        load(tmp_path, {})
    with pytest.raises(ConfigError, match="there is no configuration at") as caught:
        load(tmp_path / "none.yaml", {})
    assert "warroom init" in caught.value.next


TOKENS = "sources: metrics: keys: auth: url: { } [ ] &a *a !!int - ? : | >- ' ~ %YAML --- é\u202e \x00"
PIECES = st.sampled_from([*TOKENS.split(" "), '"', "\n", "\n  ", "\n    ", "\t", "9" * 30])


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode())))
def test_any_bytes_load_or_are_refused(data: bytes) -> None:
    outcome: object
    try:
        outcome = parse(data, HERE)
    except ConfigError as error:
        outcome = error
    assert isinstance(outcome, Config) or all(line.isprintable() for line in str(outcome).split("\n"))
