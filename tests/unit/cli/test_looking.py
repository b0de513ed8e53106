"""Commands that look: alerts, doctor, runbooks, incidents."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from console.cli.codes import Exit
from console.journal.cases import allocate
from console.journal.journal import Journal
from console.model.alert import Alert, AlertRow, AlertState
from console.model.entry import Actor, Draft, Kind
from console.model.severity import Severity
from console.model.source import Health, Probe, SourceHealth
from tests.unit.cli.support import HOSTILE, Engine, Run, harmless
from tests.unit.clocks import CountingIds, ManualClock


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


def test_doctor_looks_at_the_anchors_and_tells_none(run: Run, config: Path, engine: Engine, home: Path) -> None:
    engine.probes = [Probe("am", "alertmanager", "", True, True)]
    assert "anchor         none  nothing outside vouches" in run("doctor").stdout
    file = home / "anchors.log"
    plain = config.read_text()
    config.write_text(f"{plain}journal: {{anchors: [{{file: {file}}}]}}\n")
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert f"{file} is made with the first line" in result.stdout
    assert not file.exists()
    file.write_text("a line\n")
    file.chmod(0o600)
    assert f"{file} can be appended to, 7 bytes" in run("doctor").stdout
    file.chmod(0o666)
    lost = home / "none" / "x.log"
    config.write_text(f"{plain}journal: {{anchors: [{{syslog: auth}}, {{file: {file}}}, {{file: {lost}}}]}}\n")
    result = run("doctor")
    assert result.exit_code == Exit.JOURNAL
    assert f"next: chmod 0640 {file}" in result.stdout
    assert f"next: mkdir -p {lost.parent}" in result.stdout
    assert "no log daemon at" in result.stdout
    assert "next: start the machine's log daemon, or name a file" in result.stdout
    facts = json.loads(run("doctor", "--json").stdout)
    assert [one["ok"] for one in facts["anchors"]] == [False, False, False]
    assert file.read_text() == "a line\n"


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
    assert result.stdout.splitlines()[-1].startswith("2 runbooks: ")
    assert result.stdout.splitlines()[-1].endswith(" in 1 file")
    assert run("runbook", "lint", str(good)).stdout == "1 runbook: ok\n"
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


@pytest.mark.parametrize("name", ["INC-9", "INC-0099", "../INC-0001", HOSTILE])
def test_an_incident_that_is_not_there(run: Run, incidents: list[str], config: Path, name: str) -> None:
    result = run("incident", "show", name)
    assert result.exit_code == Exit.FAILED
    assert "there is no incident" in result.stderr
    assert harmless(result)
    opened = run("run", name)
    assert (opened.exit_code, opened.stderr) == (result.exit_code, result.stderr)


@pytest.mark.parametrize("command", [("incident", "list"), ("incident", "show", "INC-0001"), ("runbook", "list")])
def test_what_only_reads_needs_only_its_own_part_of_the_configuration(
    run: Run, incidents: list[str], config: Path, command: tuple[str, ...]
) -> None:
    whole = run(*command)
    config.write_text("metrics:\n  - {title: errors, source: prm, query: up}\nsources:\n  prom: {type: prometheu}\n")
    result = run(*command)
    assert (result.exit_code, result.stdout) == (0, whole.stdout)
    assert f"warroom: {config}:2: metrics.0.source: there is no source of this name" in result.stderr
    assert "did you mean 'prometheus'?" in result.stderr
    started = run("run")
    assert started.exit_code == Exit.CONFIG
    assert f"{config}:2: metrics.0.source: there is no source of this name" in started.stderr


@pytest.mark.parametrize("text", ["foldr: /srv/warroom\n", "folder: [a\n", "folder: {a: b}\n", "- folder\n"])
def test_what_may_name_another_folder_stops_what_only_reads_too(
    run: Run, incidents: list[str], config: Path, text: str
) -> None:
    config.write_text(text)
    result = run("incident", "list")
    assert result.exit_code == Exit.CONFIG
    assert result.stdout == ""
    assert f"warroom: {config}:" in result.stderr
