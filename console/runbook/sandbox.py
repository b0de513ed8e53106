"""What a step reaches: in a drill, nothing but this machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from console.model.runbook import Step
from console.text import clean

_PLACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#\s'\"@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#\s'\":]+)")


def outside(step: Step, argv: Sequence[str]) -> str:
    """Why this may not be run in a drill, ``""`` = it may: its author says so, and every address in it is loopback."""
    if not step.drill:
        return "its runbook does not say that it may run in one"
    for part in (*argv, *step.env.values()):
        for host in _PLACE.findall(part):
            if not _loopback(host.strip("[]")):
                return f"{clean(host, 80)} is not this machine"
    return ""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
