"""The drill's own runbooks, run to their end, heal its world: with the real program, on real loopback sockets."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.adapters.command import ProcessRunner
from console.cli.demo import demo_runbooks
from console.drill import hand
from console.drill.world import Plan, World
from console.model.runbook import StepState, StepType
from console.paths import shipped
from console.runbook.lint import lint
from console.runbook.load import load
from console.runbook.shelf import Shelf
from tests.unit.clocks import ManualClock
from tests.unit.runbook.made import Room


def in_world(play: Callable[[World, str, ManualClock], Awaitable[None]]) -> None:
    """One play with a world that serves on loopback, its clock moved by the play."""

    async def run() -> None:
        clock = ManualClock()
        world = World(Plan(), clock)
        admin = (await world.start())["admin"]
        try:
            clock.move(200)
            async with asyncio.timeout(60):
                await play(world, admin, clock)
        finally:
            await world.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("book", "services"),
    [("pool-exhausted", {"orders-db", "orders", "payments", "checkout"}), ("disk-full", {"warehouse", "stock"})],
)
def test_a_run_to_its_end_heals_the_world(tmp_path: Path, book: str, services: set[str]) -> None:
    async def play(world: World, admin: str, clock: ManualClock) -> None:
        room = Room(runner=ProcessRunner(), shelf=Shelf.load([demo_runbooks(admin, tmp_path)]), drill=True)
        await room.declare()
        assert (await room.do("runbook.start", runbook=book)).ok
        standing = {f.event.labels["service"] for f in world.story.firing(clock.wall)}
        assert services <= standing
        for view in room.the_run.steps:
            assert view.step.drill or view.step.type is StepType.MANUAL
            if view.step.id == "verify" or view.step.id == "verify-pool":
                clock.move(300)
            reply = await room.do("step.run", step=view.step.id)
            found = view.step.id in ("space", "left", "pool", "errors")
            assert reply.ok is not found, reply
            assert (" > " in reply.text) is found
            assert room.step(view.step.id).state is (StepState.FAILED if found else StepState.DONE)
        assert room.the_run.current == len(room.the_run.steps)
        assert room.step("verify-alerts").result == "0 <= 0"
        assert not services & {f.event.labels["service"] for f in world.story.firing(clock.wall)}

    in_world(play)


@pytest.mark.skipif(shutil.which("curl") is None, reason="not installed: curl")
def test_the_shipped_checks_of_errors_look_at_the_world_and_nothing_is_written_by_them() -> None:
    async def play(world: World, admin: str, clock: ManualClock) -> None:
        room = Room(runner=ProcessRunner(), shelf=Shelf.load([shipped("runbooks")]), drill=True)
        await room.declare()
        urls = {name: server.url for name, server in world.servers.items() if name != "admin"}
        params = {**urls, "service": "orders", "window": "1m"}
        assert (await room.do("runbook.start", runbook="errors-and-latency", params=params)).ok
        for name in ("source", "codes", "outliers", "down", "alerts"):
            reply = await room.ask("step.run", step=name, reason="test")
            assert reply.ok, reply
        assert len(room.step("codes").output) == 4
        assert all(" /s  " in line for line in room.step("codes").output)
        for name in ("errors", "latency"):
            reply = await room.ask("step.run", step=name, reason="test")
            assert "over the limit of" in reply.text
            assert not reply.ok
        refused = await room.ask("step.run", step="keep", reason="test")
        assert "this is a drill" in refused.text

    in_world(play)


def test_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    async def play(world: World, admin: str, clock: ManualClock) -> None:
        async def said(*arguments: str) -> tuple[int, list[str], str]:
            code = await asyncio.to_thread(hand.main, [admin, *arguments])
            told = capsys.readouterr()
            return code, told.out.splitlines(), told.err

        assert await said("figure", "1234567 / 1e4", "%") == (0, ["123 %"], "")
        code, out, _ = await said("figure", "topk(2, max by (host) (node_load1))")
        assert (code, len(out)) == (0, 2)
        assert out[0].endswith("  web-07")
        assert await said("figure", "nowhere") == (1, [], "no data\n")
        code, _, err = await said("figure", "sum(")
        assert code == 1
        assert "unexpected end of input" in err
        code, out, _ = await said("alerts", "catalog")
        assert (code, out) == (0, ["1 alert fires", "catalog CpuSteal web-07"])
        assert (await said("alerts", "nobody"))[1] == ["0 alerts fire"]
        code, _, err = await said("remedy", "noise")
        assert code == 1
        assert "chain is one of cascade, disk" in err
        assert (await said("dance"))[0] == 2
        assert (await said())[0] == 2

    in_world(play)


@pytest.mark.parametrize("world", ["http://10.0.0.1:9", "https://example.com", "nothing"])
def test_it_leaves_this_machine_for_nobody(world: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hand.main([world, "remedy", "cascade"]) == 1
    assert "is not this machine: a drill never leaves it" in capsys.readouterr().err


def test_a_world_that_is_gone_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert hand.main(["http://127.0.0.1:1", "remedy", "cascade"]) == 1
    assert "the drill's world does not answer" in capsys.readouterr().err


def test_the_books_of_a_world_name_its_hand_and_are_clean(tmp_path: Path) -> None:
    folder = demo_runbooks("http://127.0.0.1:4711", tmp_path)
    for path in sorted(folder.glob("*.yaml")):
        assert lint(path) == []
        for step in load(path).steps:
            assert step.type is StepType.MANUAL or step.argv[:2] == (sys.executable, "-I")
            assert step.type is StepType.MANUAL or step.argv[3] == "http://127.0.0.1:4711"
    assert "warroom-drill," not in (folder / "disk-full.yaml").read_text()
