"""Evidence on the command line: export, verify, import, check, salvage."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.codes import Exit
from console.journal import proof
from console.journal.cases import allocate
from console.journal.watch import Watch
from tests.unit.cli.support import Run, harmless
from tests.unit.clocks import CountingIds, ManualClock
from tests.unit.journal.bundles import needs_ssh, scene
from tests.unit.journal.support import note

pytestmark = needs_ssh


@pytest.fixture
def folder(home: Path) -> Path:
    incident, folder = allocate(home / "state" / "warroom")
    assert incident == "INC-0001"
    asyncio.run(scene(folder))
    return folder


def damage(folder: Path) -> None:
    path = sorted(folder.glob("*.lane"))[0]
    path.write_bytes(path.read_bytes().replace(b"ana sees 2", b"ana sees 7"))


def test_an_incident_goes_out_is_verified_and_comes_in_elsewhere(
    run: Run, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tar = str(home / "x.tar")
    result = run("incident", "export", "inc-0001", "-o", tar)
    assert result.exit_code == Exit.OK, result.output
    key = str(home / "state" / "warroom" / "identity.pub")
    assert proof.fingerprint(Path(key).read_text().split()[1]) in result.output
    result = run("verify", tar, "--key", key)
    assert result.exit_code == proof.UNANCHORED
    assert "INC-0001: valid, but not anchored" in result.output
    assert json.loads(run("verify", tar, "--json").output)["exit"] == proof.UNANCHORED
    assert run("incident", "import", tar).exit_code == Exit.JOURNAL
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "elsewhere"))
    result = run("incident", "import", tar, "--key", key)
    assert result.exit_code == Exit.OK, result.output
    assert "2 lanes" in result.output
    assert "INC-0001" in run("incident", "list").output
    result = run("journal", "check")
    assert result.exit_code == Exit.OK
    assert "imported" in result.output


def test_export_and_import_as_json(run: Run, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.loads(run("incident", "export", "INC-0001", "-o", str(home / "x.tar"), "--json").output)
    assert (said["lanes"], said["blobs"], said["troubles"]) == (2, 1, [])
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "elsewhere"))
    said = json.loads(run("incident", "import", str(home / "x.tar"), "--json").output)
    assert said["incident"] == "INC-0001"
    assert Path(said["folder"]).is_dir()


def test_what_is_not_sound_is_in_the_exit_code(run: Run, folder: Path, home: Path) -> None:
    assert run("journal", "check", "INC-0001").exit_code == Exit.OK
    damage(folder)
    result = run("journal", "check", "INC-0001")
    assert result.exit_code == Exit.JOURNAL
    assert "NOT SOUND" in result.output
    assert "does not match its digest" in result.output
    said = json.loads(run("journal", "check", "--json").output)
    assert [(one["name"], one["sound"]) for one in said] == [("INC-0001", False)]
    assert [lane["sound"] for lane in said[0]["lanes"]] == [False, True]
    result = run("incident", "export", "INC-0001", "-o", str(home / "x.tar"))
    assert result.exit_code == Exit.JOURNAL
    assert "does not match its digest" in result.output
    assert run("verify", str(home / "x.tar")).exit_code == proof.TAMPERED
    result = run("incident", "import", str(home / "x.tar"))
    assert result.exit_code == Exit.JOURNAL
    assert "is refused" in result.output


def test_what_holds_is_salvaged(run: Run, folder: Path, home: Path) -> None:
    result = run("journal", "salvage", "INC-0001", "-o", str(home / "whole"))
    assert result.exit_code == Exit.OK
    damage(folder)
    result = run("journal", "salvage", "INC-0001", "-o", str(home / "saved"))
    assert result.exit_code == Exit.JOURNAL
    assert "1 place where something was lost" in result.output
    said = json.loads(run("journal", "salvage", "INC-0001", "-o", str(home / "json"), "--json").output)
    assert len(said["losses"]) == 1
    assert run("journal", "salvage", "INC-0001", "-o", str(home / "saved")).exit_code == Exit.JOURNAL


def test_the_watch_is_checked_too(run: Run, home: Path) -> None:
    async def day() -> None:
        watch = await Watch.open(home / "state" / "warroom", clock=ManualClock(), ids=CountingIds())
        await watch.append([note("x")])
        await watch.close()

    assert "no journals" in run("journal", "check").output
    asyncio.run(day())
    result = run("journal", "check", "--watch")
    assert result.exit_code == Exit.OK
    assert "2026-11-18  sound: 1 lane, 2 entries" in result.output
    assert run("journal", "check", "--all").output == result.output


def test_wrong_words(run: Run, folder: Path, home: Path) -> None:
    for arguments in (["incident", "export", "INC-0002", "-o", "x"], ["journal", "check", "INC-0002"]):
        result = run(*arguments)
        assert result.exit_code == Exit.FAILED
        assert "did you mean INC-0001?" in result.output
    assert run("journal", "check", "INC-0001", "--all").exit_code == Exit.USAGE
    assert run("verify").exit_code == proof.USAGE
    assert run("verify", str(home / "none.tar")).exit_code == proof.USAGE
    assert run("incident", "import", str(home / "none.tar")).exit_code == Exit.JOURNAL


def test_the_verifier_is_printed_and_runs_alone(run: Run, folder: Path, home: Path) -> None:
    assert run("incident", "export", "INC-0001", "-o", str(home / "x.tar")).exit_code == Exit.OK
    alone = home / "alone"
    alone.mkdir()
    (alone / "verify.py").write_text(run("verify", "--script").output)
    command = [sys.executable, "-I", "verify.py", str(home / "x.tar")]
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (proof.UNANCHORED, "")


def test_a_named_key_signs(run: Run, config: Path, folder: Path, home: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / "team")], check=True)
    config.write_text(config.read_text() + "journal:\n  signing_key: ../../team\n")
    assert run("incident", "export", "INC-0001", "-o", str(home / "x.tar")).exit_code == Exit.OK
    assert "signed by the key given" in run("verify", str(home / "x.tar"), "--key", str(home / "team.pub")).output
    assert not (home / "state" / "warroom" / "identity").exists()


def test_hostile_text_in_the_journal_reaches_no_terminal(run: Run, folder: Path, home: Path) -> None:
    (folder / "x\x1b]0;y\x07.0.0.lane").write_bytes(b"x")
    (folder / "blobs" / "x\x1b[2J").write_bytes(b"x")
    result = run("journal", "check")
    assert result.exit_code == Exit.JOURNAL
    assert harmless(result)
