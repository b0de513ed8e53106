"""The configuration: typed, and wrong only with file, line, key and the nearest valid key named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from console.secret import Secret


class SourceConfig(Struct, frozen=True):
    """One outside system."""

    name: str
    type: str
    url: str = ""
    poll_s: float = 5.0
    timeout_s: float = 10.0
    auth: dict[str, str] = {}
    """``bearer`` or ``user`` and ``password``: references to secrets, never values; the user's name may be plain."""
    headers: dict[str, str] = {}
    """Header name → reference to a secret or a plain value."""
    ca: str = ""
    proxy: str = ""
    login: tuple[str, ...] = ()
    """A command that renews expired credentials; offered by the console, run in the terminal."""
    environment: str = ""
    """Where it is, in words: ``prod eu-1``."""
    options: dict[str, object] = {}


class MetricConfig(Struct, frozen=True):
    """One line of the metrics pane."""

    title: str
    source: str
    query: str
    unit: str = ""
    limit: float | None = None
    above: bool = True
    service: str = ""


class GroupingConfig(Struct, frozen=True):
    """How alerts are normalised and grouped."""

    window_s: float = 300.0
    service_labels: tuple[str, ...] = ("service", "app", "kube_deployment", "job")
    cluster_labels: tuple[str, ...] = ("cluster", "k8s_cluster", "environment", "region")
    host_labels: tuple[str, ...] = ("host", "node", "instance")
    pod_labels: tuple[str, ...] = ("pod", "kubernetes_pod_name")
    severity_labels: tuple[str, ...] = ("severity", "priority")
    severities: dict[str, int] = {}
    """Vendor word → 1 … 5, over the built-in table."""


class AckConfig(Struct, frozen=True):
    """What an acknowledgement does beside its journal entry."""

    silence: bool = False
    """Also set a marked silence on the exact label set, renewed while the alert fires."""
    silence_s: float = 900.0


class AnchorConfig(Struct, frozen=True):
    """A place outside that is told the heads of the journal's lanes; exactly one field is set."""

    syslog: str = ""
    """Facility: ``auth``, ``authpriv``, ``user`` or ``local0`` … ``local7``."""
    file: str = ""


class JournalConfig(Struct, frozen=True):
    """What is done for the journal beside writing it."""

    anchors: tuple[AnchorConfig, ...] = ()
    every_entries: int = 50
    every_minutes: float = 5.0
    ballast_mb: int | None = None
    """Space that is given back when the disk is full; default 8, 0 = none."""
    signing_key: str = ""
    """Ed25519 key that bundles are signed with, or its ``.pub`` where ssh-agent holds it; default: one of its own."""


class Config(Struct, frozen=True):
    """All of it; every field has a default, so an empty file is valid."""

    operator: str = ""
    """Name in the journal; default: the login name."""
    sources: tuple[SourceConfig, ...] = ()
    metrics: tuple[MetricConfig, ...] = ()
    grouping: GroupingConfig = GroupingConfig()
    ack: AckConfig = AckConfig()
    journal: JournalConfig = JournalConfig()
    keys: dict[str, str] = {}
    """Action id → key or keys, comma-separated."""
    theme: str = "warroom"
    mouse: bool = True
    utc: bool = False
    read_only: bool = False
    runbooks: tuple[str, ...] = ()
    """Folders of further runbooks."""
    folder: str = ""
    """Where incidents are kept; default: the state folder."""
    settle_s: float = 600.0
    """How long the engine goes on without a terminal."""
    redact: tuple[str, ...] = ()
    """Further patterns that never reach disk or screen."""
    drill: bool = False
    path: str = ""
    lines: dict[str, int] = {}
    """Dotted key → line in the file, for messages of later checks."""


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file, with what ``WARROOM_*`` variables set over it; see ``console/configfile.py``."""
    from console.configfile import load as load_file

    return load_file(path, environ)


def resolve(reference: str) -> Secret:
    """The secret that ``env:NAME``, ``file:PATH`` or ``cmd:ARGV`` names; see ``console/reference.py``."""
    from console.reference import resolve as resolve_reference

    return resolve_reference(reference)
