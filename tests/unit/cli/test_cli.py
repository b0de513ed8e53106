"""The command line: what it prints, what it asks, and how it exits."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.cli.codes import MEANING, Exit, code_named, code_of
from console.cli.root import COMMANDS, warroom
from console.config import Config
from console.errors import BadAnswer, ConfigError, JournalError, PolicyRefused, Refused, WarroomError
from console.journal.cases import allocate
from console.journal.journal import Journal
from console.model.action import Action, Preview, Reply, Tier, Undo
from console.model.alert import Alert, AlertRow, AlertState
from console.model.entry import Actor, Draft, Kind
from console.model.severity import Severity
from console.model.source import Health, Probe, SourceHealth
from tests.unit.clocks import CountingIds, ManualClock

ROOT = Path(__file__).parents[3]
HOSTILE = "\x1b]0;owned\x07\u202egnp.exe\x9b31m"
Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("WARROOM_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def run(home: Path) -> Run:
    def invoke(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(warroom, list(arguments), input=input)

    return invoke


@pytest.fixture
def config(home: Path) -> Path:
    path = home / "config" / "warroom" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("operator: ana\nsources:\n  am: {type: alertmanager, url: 'http://127.0.0.1:9'}\n")
    path.chmod(0o600)
    return path


class Engine:
    """What the engine is asked, and what it answers."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.configs: list[Config] = []
        self.tier = Tier.R2
        self.reply: Reply | None = None
        self.error: Exception | None = None
        self.rows: list[AlertRow] = []
        self.health: list[SourceHealth] = []
        self.probes: list[Probe] = []

    async def perform(self, config: Config, action: Action) -> Reply:
        self.actions.append(action)
        self.configs.append(config)
        if self.error is not None:
            raise self.error
        if self.reply is not None:
            return self.reply
        if action.preview or (self.tier >= 2 and not action.digest):
            preview = Preview(
                "Silence 2 alerts", f"POST {HOSTILE}", "am/orders", self.tier, "prod eu-1", ("2 alerts",), digest="d1"
            )
            return Reply(action.request_id, action.preview, "Silence 2 alerts", preview=preview)
        return Reply(
            action.request_id, True, f"silenced 2 alerts {HOSTILE}", undo=Undo("silence.expire", {}, "expire it")
        )

    async def list_alerts(self, config: Config, source: str, filter: str) -> tuple[list[AlertRow], list[SourceHealth]]:
        self.configs.append(config)
        return self.rows, self.health

    async def probe_all(self, config: Config) -> list[Probe]:
        names = {s.name for s in config.sources}
        return [p for p in self.probes if p.name in names]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    fake = Engine()
    module = types.ModuleType("console.engine.oneshot")
    for name in ("perform", "list_alerts", "probe_all"):
        setattr(module, name, getattr(fake, name))
    monkeypatch.setitem(sys.modules, "console.engine.oneshot", module)
    return fake


def harmless(result: Result) -> bool:
    return all(line.isprintable() for line in result.output.split("\n"))


SILENCE = ("do", "alert.silence", "--arg", "filter=service=orders", "--arg", "duration=1h", "--arg", "reason=why")


# Help and usage


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


# Without a terminal or a configuration


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


# init


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


# do


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
        (["alert.silence", "--arg", "durations=1h"], "did you mean 'duration'?"),
        (["incident.note", "--arg", "text"], "--arg is NAME=VALUE"),
        (["incident.note", "--arg", "text=a", "--arg", "text=b"], "given twice"),
        (["incident.severity", "--arg", "severity=9"], "is no severity"),
    ],
)
def test_wrong_usage_of_do_asks_nobody(run: Run, engine: Engine, arguments: list[str], said: str) -> None:
    result = run("do", *arguments)
    assert result.exit_code == Exit.USAGE
    assert said in result.output
    assert engine.actions == []


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


def test_read_only_reaches_the_desk_from_flag_and_environment(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--read-only", "do", "incident.note", "--arg", "text=x")
    run("do", "incident.note", "--arg", "text=x", "--read-only")
    monkeypatch.setenv("WARROOM_READ_ONLY", "1")
    run("do", "incident.note", "--arg", "text=x")
    monkeypatch.setenv("WARROOM_READ_ONLY", "0")
    run("do", "incident.note", "--arg", "text=x")
    assert [c.read_only for c in engine.configs] == [True, True, True, False]


def test_a_fault_of_the_console_shows_no_traceback_and_is_logged(run: Run, engine: Engine, home: Path) -> None:
    engine.error = ZeroDivisionError("secret detail")
    result = run("do", "incident.note", "--arg", "text=x")
    assert result.exit_code == Exit.FAILED
    assert "ZeroDivisionError" in result.stderr
    assert "Traceback" not in result.output
    assert "Traceback" in (home / "state" / "warroom" / "warroom.log").read_text()


# alerts


def alert(**more: Any) -> Alert:
    fields: dict[str, Any] = {
        "severity": Severity.SEV1,
        "state": AlertState.FIRING,
        "started_at": 1,
        "service": "orders",
    }
    return Alert("am/1", "am", "1", "HighErrorRate", **{"summary": f"orders fails {HOSTILE}", **fields, **more})


def test_alerts_are_listed_harmlessly(run: Run, config: Path, engine: Engine) -> None:
    engine.rows = [AlertRow(alert(silenced_by=("s",), host=HOSTILE), acked_by="ben")]
    engine.health = [SourceHealth("am", "alertmanager", Health.OK)]
    result = run("alerts", "list")
    assert result.exit_code == 0
    assert harmless(result)
    assert "silenced, acked ben" in result.stdout
    as_json = run("alerts", "list", "--json")
    assert as_json.stdout.isascii()
    assert json.loads(as_json.stdout)["alerts"][0]["alert"]["summary"] == f"orders fails {HOSTILE}"


def test_a_source_that_does_not_answer_is_named_and_the_rest_is_printed(run: Run, config: Path, engine: Engine) -> None:
    engine.rows = [AlertRow(alert())]
    engine.health = [SourceHealth("am", "alertmanager", Health.FAILING, f"no connection {HOSTILE}")]
    result = run("alerts", "list")
    assert result.exit_code == Exit.BACKEND
    assert "orders" in result.stdout
    assert "warroom: am (alertmanager) failing: no connection" in result.stderr
    assert harmless(result)


def test_an_unknown_source_is_wrong_usage(run: Run, config: Path, engine: Engine) -> None:
    result = run("alerts", "list", "--source", "an")
    assert result.exit_code == Exit.USAGE
    assert "Did you mean 'am'?" in result.output


# doctor


def test_doctor_tells_each_backend_and_what_to_do(run: Run, config: Path, engine: Engine, home: Path) -> None:
    engine.probes = [Probe("am", "alertmanager", "http://127.0.0.1:9", True, True, "0.31.0", 12)]
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert "am (alertmanager) http://127.0.0.1:9" in result.stdout
    assert "version 0.31.0, 12 ms" in result.stdout
    assert "made on first use" in result.stdout
    assert not (home / "state").exists()
    facts = json.loads(run("doctor", "--json").stdout)
    assert facts["backends"][0]["version"] == "0.31.0"
    assert facts["journal"]["ok"] is True
    assert facts["exit"] == 0


def test_doctor_asks_no_backend_whose_secret_is_missing(run: Run, config: Path, engine: Engine) -> None:
    config.write_text(
        config.read_text()
        + "  prom: {type: prometheus, url: 'http://127.0.0.1:8', auth: {bearer: 'env:SURELY_NOT_SET_2'}}\n"
    )
    engine.probes = [
        Probe("am", "alertmanager", "http://127.0.0.1:9", False, False, detail=f"refused {HOSTILE}", next="start it"),
        Probe("prom", "prometheus", "http://127.0.0.1:8", True, True),
    ]
    result = run("doctor")
    assert result.exit_code == Exit.BACKEND
    assert "the environment variable SURELY_NOT_SET_2 is not set" in result.stdout
    assert "next: start it" in result.stdout
    assert harmless(result)


def test_doctor_checks_keys_and_theme(run: Run, config: Path, engine: Engine) -> None:
    engine.probes = [Probe("am", "alertmanager", "", True, True)]
    config.write_text(config.read_text() + "keys:\n  alert.akk: x\ntheme: warroom-asni\n")
    result = run("doctor")
    assert result.exit_code == Exit.CONFIG
    assert f"{config}:5: keys.alert.akk: there is no such action; did you mean 'alert.ack'?" in result.stdout
    assert "did you mean 'warroom-ansi'?" in result.stdout


def test_doctor_sees_a_folder_that_cannot_hold_a_journal(run: Run, config: Path, engine: Engine, home: Path) -> None:
    engine.probes = [Probe("am", "alertmanager", "", True, True)]
    folder = home / "open"
    folder.mkdir()
    folder.chmod(0o777)
    config.write_text(config.read_text() + f"folder: {folder}\n")
    result = run("doctor")
    assert result.exit_code == Exit.JOURNAL
    assert "everybody may write" in result.stdout


# runbook


def test_runbooks_are_linted_with_file_and_line(run: Run, home: Path) -> None:
    good, bad = home / "books" / "good.yaml", home / "books" / "bad.yaml"
    good.parent.mkdir()
    good.write_text(
        "id: good\ntitle: Look first\nversion: '1'\nowner: team\nexit_criteria: [it is calm]\ntriggers: [disk]\n"
        "steps:\n  - {id: look, type: manual, title: Look, text: Look around.}\n"
    )
    assert run("runbook", "lint", str(good)).exit_code == 0
    bad.write_text(f"id: bad\ntitel: x\nsteps: '{HOSTILE[1:8]}'\n")
    result = run("runbook", "lint", str(good.parent))
    assert result.exit_code == Exit.RUNBOOK
    assert f"{bad}:2: error: " in result.stdout
    assert harmless(result)
    assert json.loads(run("runbook", "lint", str(good.parent), "--json").stdout).keys() == {str(good), str(bad)}
    (home / "none").mkdir()
    assert run("runbook", "lint", str(home / "none")).exit_code == Exit.RUNBOOK
    assert run("runbook", "lint").exit_code == Exit.USAGE


def test_runbooks_of_configured_folders_are_listed_and_broken_ones_named(run: Run, home: Path, config: Path) -> None:
    folder = home / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "id: mine\ntitle: My own\nversion: '3'\nsteps:\n  - {id: look, type: manual, title: Look, text: Look.}\n"
    )
    config.write_text(f"runbooks: [{folder}]\n")
    listed = json.loads(run("runbook", "list", "--json").stdout)
    assert "mine" in {b["id"] for b in listed["runbooks"]}
    (folder / "broken.yaml").write_text("[")
    result = run("runbook", "list")
    assert result.exit_code == Exit.RUNBOOK
    assert f"warroom: {folder}/broken.yaml: " in result.stderr
    assert "My own" in result.stdout


# incident


@pytest.fixture
def incidents(home: Path) -> list[str]:
    """Two incidents in the state folder, one of them resolved, written by the journal itself."""
    root = home / "state" / "warroom"

    async def write() -> list[str]:
        keys = []
        for title in ("payments fail", f"hostile {HOSTILE}"):
            key, folder = allocate(root)
            journal = await Journal.open(folder, key, clock=ManualClock(), ids=CountingIds())
            body = {"title": title, "severity": 1, "services": ["payments"], "ic": "ana", "alerts": [], "drill": False}
            drafts = [
                Draft(Kind.INCIDENT_DECLARED, body, Actor("ana")),
                Draft(Kind.NOTE_ADDED, {"text": f"look {HOSTILE}"}),
            ]
            await journal.append(drafts)
            await journal.close()
            keys.append(key)
        return keys

    return asyncio.run(write())


def test_incidents_are_read_from_their_journals(run: Run, incidents: list[str]) -> None:
    result = run("incident", "list")
    assert result.exit_code == 0
    assert "payments fail" in result.stdout
    assert result.stdout.index(incidents[1]) < result.stdout.index(incidents[0])
    assert harmless(result)
    listed = json.loads(run("incident", "list", "--open", "--json").stdout)
    assert [(i["key"], i["severity"]) for i in listed] == [(key, 1) for key in reversed(incidents)]


def test_an_incident_is_shown_with_its_timeline(run: Run, incidents: list[str]) -> None:
    result = run("incident", "show", incidents[1].lower())
    assert result.exit_code == 0
    assert "declared" in result.stdout
    assert "look \u241b]0;owned" in result.stdout
    assert harmless(result)
    shown = json.loads(run("incident", "show", incidents[0], "--json").stdout)
    assert shown["title"] == "payments fail"
    assert len(shown["timeline"]) >= 2


@pytest.mark.parametrize("name", ["INC-9", "../INC-0001", HOSTILE])
def test_an_incident_that_is_not_there(run: Run, incidents: list[str], name: str) -> None:
    result = run("incident", "show", name)
    assert result.exit_code == Exit.FAILED
    assert "there is no incident" in result.stderr
    assert harmless(result)


# Piping


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
