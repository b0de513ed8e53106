"""``python -m tests.torture [--short] [--seed N] [NAME …]``: a table, one JSON object, and 1 if anything is wrong.

The seed decides every plan: what is written, where files are cut, which calls fail. A kill by the clock lands where
the machine is at that moment, so the bytes of two runs differ.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from msgspec import to_builtins

from console.journal import ballast, roll, syslog
from tests.torture.tally import Run, Skipped, Tally

SCENARIOS = {
    "kill_one": ("tests.torture.kills:single", 110),
    "kill_four": ("tests.torture.kills:four", 100),
    "cut": ("tests.torture.cuts:every_byte", 90),
    "flip": ("tests.torture.flips:every_bit", 90),
    "disk": ("tests.torture.disks:faults", 60),
    "nospace": ("tests.torture.full:nospace", 40),
    "clock": ("tests.torture.clocks:steps", 30),
    "stopped": ("tests.torture.neighbours:stopped", 40),
    "planted": ("tests.torture.neighbours:planted", 30),
    "readonly": ("tests.torture.neighbours:readonly", 20),
    "two_users": ("tests.torture.users:two", 30),
    "desk": ("tests.torture.effects:desk", 90),
}
"""Name → function, and the seconds after which it begins no further trial."""
ALL_S = 540.0
"""The same for all of them together."""


def main(arguments: list[str]) -> int:
    """Run them one behind the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few trials of each, for the ordinary tests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - SCENARIOS.keys():
        parser.error(f"no scenario {', '.join(sorted(unknown))}")
    root = Path(tempfile.mkdtemp(prefix="warroom-torture-", dir=os.environ.get("WARROOM_TORTURE")))
    begin = time.monotonic()
    try:
        _own_home(root)
        print(_row("scenario", "trials", "acknowledged", "lost", "strange", "seconds"), flush=True)
        tallies = []
        for name in given.names or SCENARIOS:
            left = begin + ALL_S - time.monotonic()
            tallies.append(_run(name, root, given.seed, left, short=given.short))
            _show(tallies[-1])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    out = {
        "seed": given.seed,
        "seconds": round(time.monotonic() - begin, 1),
        "wrong": any(tally.bad for tally in tallies),
        "scenarios": {tally.scenario: to_builtins(tally) for tally in tallies},
    }
    print(json.dumps(out, indent=1))
    return int(any(tally.bad for tally in tallies))


def _own_home(root: Path) -> None:
    """Keep away from the operator's own files, and from the machine's log."""
    syslog.DEV_LOG = root / "no-log-daemon"
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ[variable] = str(root / "home")
    for variable in ("WARROOM_STATE", "WARROOM_CONFIG"):
        os.environ.pop(variable, None)


def _run(name: str, root: Path, seed: int, left_s: float, *, short: bool) -> Tally:
    where, own_s = SCENARIOS[name]
    limit_s = min(own_s, left_s)
    module, function = where.split(":")
    tally = Tally(name)
    begin, kept = time.monotonic(), (roll.FULL, ballast.PLENTY)
    folder = root / name
    folder.mkdir(mode=0o700)
    try:
        getattr(importlib.import_module(module), function)(Run(tally, folder, seed, short=short, limit_s=limit_s))
    except Skipped as reason:
        tally.skipped = str(reason)
    except Exception:
        tally.fault(traceback.format_exc())
    roll.FULL, ballast.PLENTY = kept
    tally.seconds = round(time.monotonic() - begin, 1)
    shutil.rmtree(folder, ignore_errors=True)
    return tally


def _row(*cells: object) -> str:
    first, *rest = cells
    return f"{first:<14}" + "".join(f"{cell:>14}" for cell in rest)


def _show(tally: Tally) -> None:
    trials = f"{tally.trials}{f'/{tally.wanted}' * (tally.trials < tally.wanted)}"
    print(_row(tally.scenario, trials, tally.acknowledged, tally.lost, tally.strange, tally.seconds), flush=True)
    notes = [f"skipped: {tally.skipped}"] * bool(tally.skipped) + ["out of time"] * tally.cut_short
    for text in notes + tally.faults[:5]:
        print(f"    {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
