"""``warroom demo``: the console on a drill world of its own, which ends with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import console
from console.cli.output import say
from console.cli.run import refuse
from console.cli.settings import Settings, actor_of, settings_of, shared, terminal_trouble
from console.errors import WarroomError

if TYPE_CHECKING:
    from console.config import Config

READY_S = 20.0
"""How long the world may take to begin to serve; a loaded machine takes some of it."""
HOME = Path(console.__file__).parent
_FOLDER = re.compile(r"warroom-demo-(\d+)-")


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same world.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="How fast the story runs.")
@click.option("--scenario", type=click.Choice(["cascade", "disk", "calm"]), default="cascade", show_default=True)
@click.option("--alerts", type=int, default=0, help="Generated alerts beside the story.")
@click.option("--port-base", type=int, default=0, help="First of three ports; the third steers the world.")
@click.option("--keep", is_flag=True, help="Keep the journals of this demo and say where they are.")
@shared
@click.pass_context
def demo(ctx: click.Context, seed: int, speed: float, scenario: str, alerts: int, port_base: int, keep: bool) -> None:
    """Show the console on a simulated world in which something goes wrong. Nothing leaves this machine."""
    if trouble := terminal_trouble():
        refuse(ctx, trouble)
    options = [
        "--seed", str(seed), "--speed", str(speed), "--scenario", scenario, "--alerts", str(alerts),
        "--port-base", str(port_base),
    ]  # fmt: skip
    with _state_folder(keep) as folder, _world(options, folder) as process:
        # The console's modules are loaded while the world gets ready.
        from console.session import run as sit

        urls = wait_ready(process, folder / "drill.log")
        config = demo_config(urls, settings_of(ctx), demo_runbooks(urls["admin"], folder))
        code = sit(config, actor=actor_of(config), start="")
    ctx.exit(code)


def demo_config(urls: Mapping[str, str], settings: Settings, runbooks: Path) -> Config:
    """``drill/demo.yaml``, pointed at a drill world; the environment's word over it as always."""
    from msgspec.structs import replace

    from console.configfile import override, parse

    file = HOME / "drill" / "demo.yaml"
    config = override(parse(file.read_bytes(), file), os.environ)
    sources = tuple(replace(source, url=urls[source.type]) for source in config.sources)
    read_only = settings.read_only or config.read_only
    books = (str(runbooks), *config.runbooks)
    return replace(config, sources=sources, runbooks=books, drill=True, read_only=read_only, path="", lines={})


def demo_runbooks(admin: str, folder: Path) -> Path:
    """The folder with the runbooks of a drill world: in them ``warroom-drill`` is the hand that reaches this world."""
    hand = [json.dumps(word) for word in (sys.executable, "-I", str(HOME / "drill" / "hand.py"), admin)]
    books = folder / "runbooks"
    books.mkdir()
    for path in sorted((HOME / "drill" / "runbooks").glob("*.yaml")):
        told = path.read_text().replace("[warroom-drill,", f"[{', '.join(hand)},")
        told = re.sub(
            r"^( *- )warroom-drill\n", lambda m: "".join(f"{m[1]}{word}\n" for word in hand), told, flags=re.M
        )
        (books / path.name).write_text(told)
    return books


@contextlib.contextmanager
def _state_folder(keep: bool) -> Iterator[Path]:
    """A state folder of this demo's own, away from the operator's incidents; gone afterwards unless kept."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"warroom-demo-{os.getpid()}-"))
    os.environ["WARROOM_STATE"] = str(folder)
    try:
        yield folder
    finally:
        if keep:
            (folder / "kept").touch()
            say(f"kept: {folder}")
            say(f"next: WARROOM_STATE={folder} warroom incident list")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove what earlier demos of ours left behind when their terminal went away."""
    for folder in parent.glob("warroom-demo-*"):
        match = _FOLDER.match(folder.name)
        with contextlib.suppress(OSError):
            ours = match and folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
            if ours and match and not _lives(int(match[1])) and not (folder / "kept").exists():
                shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _world(options: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The drill world's process; it ends when its input does, so it cannot outlive us."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(HOME.parent), os.environ.get("PYTHONPATH")]))}
    with (folder / "drill.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "console.drill", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=log, env=env, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        try:
            process.wait(3.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """The world's addresses, as it tells them in its first line."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], READY_S)
    line = process.stdout.readline() if ready else b""
    try:
        told = json.loads(line)
        return {name: str(told[name]) for name in ("prometheus", "alertmanager", "admin")}
    except (ValueError, LookupError, TypeError):
        said = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        why = said[0] if said else ("it said nothing" if ready else f"it was not ready within {READY_S:g} s")
        raise WarroomError(f"the drill world did not start: {why}", next="try again, or another --port-base") from None
