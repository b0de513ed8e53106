"""Where things are: XDG folders for what is the operator's, the package for what is shipped."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\Z")


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    return (Path(value) if value.startswith("/") else Path.home() / default) / "warroom"


def config_file() -> Path:
    """The configuration file, unless ``--config`` or ``WARROOM_CONFIG`` names another."""
    named = os.environ.get("WARROOM_CONFIG", "")
    return Path(named) if named else _xdg("XDG_CONFIG_HOME", ".config") / "config.yaml"


def state() -> Path:
    """Folder of journals and view state."""
    named = os.environ.get("WARROOM_STATE", "")
    return Path(named) if named else _xdg("XDG_STATE_HOME", ".local/state")


def cache() -> Path:
    """Folder of what can be had again."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def shipped(*parts: str) -> Path:
    """A shipped file (``runbooks``, ``config.example.yaml``), in a checkout and in a wheel alike."""
    inside = Path(__file__).parent / "shipped"
    return (inside if inside.is_dir() else Path(__file__).parent.parent).joinpath(*parts)


def safe_id(name: str) -> str:
    """The id itself if it may become a path component, else ``ValueError``."""
    if not _SAFE.match(name) or ".." in name:
        raise ValueError(f"{name!r} cannot be a file name")
    return name
