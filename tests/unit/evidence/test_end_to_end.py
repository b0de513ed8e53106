"""From the key to the court: the whole console files, the incident is exported, and the verifier proves the bundle."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from console.app import WarroomApp
from console.clock import RandomIds
from console.config import Config, SourceConfig
from console.engine import feeds
from console.engine.runtime import Engine
from console.journal import proof
from console.journal.bundle import export
from console.journal.cases import incident_folder
from console.journal.signing import own_key
from console.model.entry import Actor
from console.model.evidence import EvidenceItem, ItemType
from screens.content import ContentScreen
from screens.evidence import EvidenceScreen
from tests.unit.engine import fakes
from tests.unit.engine.fakes import WORLD, alert

SECRET = "hunter2-of-production"
BOOK = """\
id: disk
title: Disk filling
version: "1"
steps:
  - id: look
    title: look at the disk
    type: check
    argv: [cat, OUTPUT]
"""


class Sitting:
    """The application on a real engine, driven by a pilot."""

    def __init__(self, app: WarroomApp, pilot: object) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            await asyncio.sleep(0.65)  # what follows faster than that counts as the same gesture
            await self.pilot.press(key)  # type: ignore[attr-defined]
            await self.pilot.pause()  # type: ignore[attr-defined]

    async def until(self, holds: Callable[[], object], what: str) -> None:
        for _ in range(200):
            if holds():
                return
            await asyncio.sleep(0.05)
        said = self.app.top.result.text if self.app.top else ""
        raise AssertionError(f"did not come: {what}; said {said!r}")

    async def ask(self, id: str, **args: object) -> None:
        reply = await self.app.request(id, args)
        if reply.preview is not None:
            reply = await self.app.request(id, args, digest=reply.preview.digest)
        assert reply.ok, reply

    @property
    def items(self) -> list[EvidenceItem]:
        incident = self.app.snapshot.incident
        return list(incident.evidence.items.values()) if incident is not None else []


@pytest.mark.slow
def test_what_a_key_filed_is_proved_by_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "ADAPTERS", {"fake": f"{fakes.__name__}:FakeBackend"})
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("WARROOM_STATE", raising=False)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "disk.yaml").write_text(BOOK.replace("OUTPUT", str(tmp_path / "output")))
    (tmp_path / "output").write_text(f"line 1\nline 2\npassword={SECRET}\n")
    config = Config(
        sources=(SourceConfig("am", "fake", "http://127.0.0.1", poll_s=0.05),), folder=str(tmp_path / "state"),
        runbooks=(str(tmp_path / "books"),), utc=True,
    )  # fmt: skip
    engine = Engine(config, Actor("ana"))
    engine.start()
    try:
        filed = asyncio.run(_play(engine, config))
    finally:
        assert engine.stop(5.0)
        WORLD.clear()
    folder = incident_folder(tmp_path / "state", "INC-0001")
    for item in filed:
        content = (folder / "blobs" / item.digest).read_bytes()
        assert (sha256(content).hexdigest(), len(content)) == (item.digest, item.size)
        assert SECRET.encode() not in content
    bundle = tmp_path / "inc.tar"
    done = export(folder, "INC-0001", bundle, own_key(tmp_path / "keys", RandomIds()), ids=RandomIds())
    assert (done.blobs, done.troubles) == (3, ())
    assert _verdict(bundle, done.signer) == 3
    with tarfile.open(bundle) as tar:
        manifest = tar.extractfile("MANIFEST.json")
        assert manifest is not None
        lanes = json.loads(manifest.read())["lanes"]
    anchors = tmp_path / "anchors"
    told = [f"warroom-anchor INC-0001 {name} {lane['last_seq']} {lane['head']} now" for name, lane in lanes.items()]
    anchors.write_text("\n".join(told) + "\n")
    assert _verdict(bundle, done.signer, "--anchors", str(anchors)) == 0
    with tarfile.open(bundle) as tar:
        assert {f"blobs/{item.digest}" for item in filed} <= set(tar.getnames())
        custody = tar.extractfile("custody.jsonl")
        assert custody is not None
        chain = custody.read().decode()
    assert all(item.id in chain for item in filed)
    assert SECRET not in chain


def _verdict(bundle: Path, key: str, *more: str) -> int:
    """What the verifier says, alone and with nothing of ours on its path."""
    call = [sys.executable, "-I", proof.__file__, str(bundle), "--key", key, *more]
    return subprocess.run(call, capture_output=True, text=True, check=False).returncode


async def _play(engine: Engine, config: Config) -> list[EvidenceItem]:
    app = WarroomApp(engine.handle, config=config, environ={"LANG": "C.UTF-8"})
    async with app.run_test(size=(120, 40)) as pilot:
        one = Sitting(app, pilot)
        await one.until(lambda: "am" in WORLD and app.snapshot.sources, "the source")
        WORLD["am"].put(alert("PoolExhausted", "orders-db"), alert("Errors", "orders"))
        await one.until(lambda: app.snapshot.alerts.major, "the group")
        await one.press("E")
        assert "no incident is open" in app.top.result.text  # type: ignore[union-attr]
        await one.ask("incident.declare", title="orders down", severity="SEV2", command="yes")
        await one.until(lambda: app.snapshot.incident is not None and type(app.top).__name__ == "WarRoom", "the room")
        await one.press("E")
        await one.until(lambda: len(one.items) == 1, "the alerts")
        assert "filed E-0001: 2 alerts of" in app.top.result.text  # type: ignore[union-attr]
        await one.ask("runbook.start", runbook="disk")
        await one.ask("step.run", step="look")
        await one.press("4", "home", "E")
        await one.until(lambda: len(one.items) == 2, "the step")
        await one.press("ctrl+e")
        await one.until(lambda: len(one.items) == 3, "the screen")
        await one.press("f7")
        assert isinstance(app.top, EvidenceScreen)
        await one.press("down", "enter")
        await one.until(lambda: isinstance(app.top, ContentScreen), "the content")
        lines = [strip.text for strip in app.screen._compositor.render_strips()]
        assert any("line 2" in line for line in lines)
        assert not any(SECRET in line for line in lines)
        await one.until(lambda: one.items[1].chain[-1].kind == "evidence.verified", "who read it")
        assert [(i.id, i.type) for i in one.items] == [
            ("E-0001", ItemType.LOG), ("E-0002", ItemType.LOG), ("E-0003", ItemType.SCREENSHOT),
        ]  # fmt: skip
        assert not any(item.flaws for item in one.items)
        return one.items
