"""``python -m tests.bench [--short] [NAME …]``: prints one JSON object."""

from __future__ import annotations

import importlib
import json
import sys

BENCHES = {
    "first_paint": "tests.bench.startup:measure",
    "bytes": "tests.bench.terminal:measure_bytes",
    "key_to_paint": "tests.bench.terminal:measure_keys",
    "engine_gap": "tests.bench.terminal:measure_stall",
    "ingest": "tests.bench.ingest:measure",
    "alerts": "tests.bench.alerts:measure",
    "journal": "tests.bench.journal:measure",
}


def main(arguments: list[str]) -> int:
    short = "--short" in arguments
    names = [a for a in arguments if a != "--short"] or list(BENCHES)
    out: dict[str, object] = {}
    for name in names:
        module, function = BENCHES[name].split(":")
        out[name] = getattr(importlib.import_module(module), function)(short)
        print(f"{name}: {json.dumps(out[name])}", file=sys.stderr)
    print(json.dumps(out, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
