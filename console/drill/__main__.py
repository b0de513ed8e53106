"""``python -m console.drill``: serves a drill world on loopback until SIGTERM, or until its standard input ends."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping

from console.drill.httpd import check_loopback
from console.drill.scenarios import SCENARIOS
from console.drill.world import Plan, World

FROZEN_AT_S = 200.0
"""Where a world that stands still is, unless --at says otherwise: both incidents under way."""


def arguments() -> argparse.ArgumentParser:
    """The options; see README.md beside this file."""
    parser = argparse.ArgumentParser(prog="python -m console.drill", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="same seed and clock, same world")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the story in a second; times stay real")
    parser.add_argument("--port-base", type=int, default=0, help="first of three ports; 0 takes free ones")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="cascade")
    parser.add_argument("--hosts", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--at", type=float, default=None, metavar="S", help="begin at this second of the story")
    parser.add_argument("--frozen", action="store_true", help="the story stands still")
    parser.add_argument(
        "--alerts", type=int, default=0, metavar="N", help="this many generated alerts beside the story"
    )
    parser.add_argument("--churn", type=float, default=0.0, metavar="R", help="of these, so many changes a second")
    parser.add_argument("--detached", action="store_true", help="go on when standard input ends")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Serve; the exit code."""
    parser = arguments()
    options = parser.parse_args(argv)
    try:
        check_loopback(options.hosts)
    except ValueError as error:
        parser.error(str(error))
    if not 0 < options.speed <= 3600 or not 0 <= options.alerts <= 1_000_000 or options.churn < 0:
        parser.error("--speed is over 0 and at most 3600, --alerts at most a million, --churn not below 0")
    at_s = options.at if options.at is not None else (FROZEN_AT_S if options.frozen else 0.0)
    plan = Plan(
        options.seed, 0.0 if options.frozen else options.speed, options.scenario, at_s, options.alerts, options.churn
    )
    try:
        asyncio.run(serve(plan, options.hosts, options.port_base, detached=options.detached))
    except OSError as error:
        print(f"drill: cannot listen: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


async def serve(plan: Plan, host: str, port_base: int, *, detached: bool) -> None:
    """Serve until a signal or the end of standard input."""
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    world = World(plan)
    announce(await world.start(host, port_base))
    if not detached:
        threading.Thread(target=_watch_input, args=(lambda: loop.call_soon_threadsafe(end.set),), daemon=True).start()
    await end.wait()
    await world.close()


def announce(urls: Mapping[str, str]) -> None:
    """The one line that tells the parent that it may begin."""
    print(json.dumps({"ready": True, **urls, "pid": os.getpid()}), flush=True)


def _watch_input(ended: Callable[[], object]) -> None:
    """Wait for the end of standard input, which comes however the parent ends."""
    while True:
        try:
            if not os.read(0, 4096):
                break
        except OSError:
            break
    try:
        ended()
    except RuntimeError:
        return


if __name__ == "__main__":
    sys.exit(main())
