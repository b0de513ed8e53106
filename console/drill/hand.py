"""What the runbooks of a drill do: look at its world and mend it, through its admin port and nothing else.

Run as a file of its own with the admin port's address, so that a step needs no more than Python::

    python hand.py http://127.0.0.1:4711 figure 'max(up)' %
    python hand.py http://127.0.0.1:4711 alerts orders payments
    python hand.py http://127.0.0.1:4711 remedy cascade
"""

from __future__ import annotations

import ipaddress
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

ANSWER_S = 10.0
_MENDED = {
    "cascade": "orders-db has a second pool; callers come back one after the other",
    "disk": "the old logs of h4 are gone; writers come back one after the other",
}


class Refused(Exception):
    """It cannot be done, and why."""


def main(arguments: list[str]) -> int:
    """Do what is asked and say it in a line; the exit code."""
    try:
        world, what, *rest = arguments
        print("\n".join(_WORK[what](_state(world), *rest)))
    except (ValueError, TypeError, KeyError):
        print("usage: hand.py WORLD figure QUERY [UNIT] | alerts [SERVICE…] | remedy CHAIN", file=sys.stderr)
        return 2
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def _state(world: str) -> dict[str, str]:
    """The addresses of the world, as it tells them itself."""
    host = urlsplit(world).hostname or ""
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise Refused(f"{host or world!r} is not this machine: a drill never leaves it")
    return {"admin": world, **_asked(f"{world}/state")["addresses"]}


def _asked(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    # The proxy of the environment is none of a drill's business.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data), timeout=ANSWER_S) as answer:  # noqa: S310 - loopback
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(f"the drill's world refused: {error.read(400).decode(errors='replace').strip()}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"the drill's world does not answer: {error}") from None


def _figure(state: dict[str, str], query: str, unit: str = "") -> list[str]:
    """Each series' value, the largest first; one alone without its labels."""
    data = _asked(f"{state['prometheus']}/api/v1/query?{urlencode({'query': query})}")["data"]
    found = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
    rows = sorted(((float(row["value"][1]), row["metric"]) for row in found), key=lambda row: -row[0])
    if not rows:
        raise Refused("no data")
    told = [f"{value:.3g} {unit}".strip() for value, _ in rows]
    names = [" ".join(str(labels[name]) for name in sorted(labels)) for _, labels in rows]
    return told if len(told) == 1 else [f"{one}  {name}" for one, name in zip(told, names, strict=True)]


def _alerts(state: dict[str, str], *services: str) -> list[str]:
    """How many fire, of these services or of all; then each of them."""
    firing = [alert["labels"] for alert in _asked(f"{state['alertmanager']}/api/v2/alerts")]
    wanted = [labels for labels in firing if not services or labels.get("service") in services]
    lines = sorted(f"{one.get('service', '')} {one['alertname']} {one.get('host', '')}" for one in wanted)
    return [f"{len(lines)} alert{'s fire' if len(lines) != 1 else ' fires'}", *lines]


def _remedy(state: dict[str, str], chain: str) -> list[str]:
    _asked(f"{state['admin']}/remedy", {"chain": chain})
    return [_MENDED[chain]]


_WORK: dict[str, Callable[..., list[str]]] = {"figure": _figure, "alerts": _alerts, "remedy": _remedy}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
