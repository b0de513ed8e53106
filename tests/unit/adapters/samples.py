"""Answers recorded from real servers, kept beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def recorded(vendor: str, pattern: str = "*.json") -> list[object]:
    """Parameters for a test: the paths of a vendor's samples, or one skip that says where they were looked for."""
    contracts = Path(os.environ.get("WARROOM_CONTRACTS", ROOT.parent / "shared" / "contracts"))
    folder = contracts / "samples" / vendor
    found = sorted(folder.glob(pattern))
    if not found:
        return [pytest.param("", marks=pytest.mark.skip(reason=f"no recorded answers in {folder}"))]
    return [pytest.param(str(path), id=path.stem) for path in found]
