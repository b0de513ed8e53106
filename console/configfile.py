"""Loads the configuration; tells all problems at once: file, line, key, what is expected, the nearest valid key."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from console import configvalues as v
from console.config import AckConfig, AnchorConfig, Config, GroupingConfig, JournalConfig, MetricConfig, SourceConfig
from console.configvalues import NO, YES, Reader, Table, Wrong
from console.errors import ConfigError
from console.text import clean, nearest
from console.yamltree import MAX_BYTES, Items, Malformed, Tree, read_tree

TYPES: Mapping[str, tuple[str, ...]] = {
    "alertmanager": (),
    "prometheus": ("alerts", "external_labels"),
}
"""Source types and the options each of them knows."""

Problem = tuple[int, str, str]
"""Line, dotted key, what is wrong."""
_SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}\Z")

# The shape of the file.

_SOURCE: Table = {
    "type": ("type", v.a_text),
    "url": ("url", v.url),
    "poll": ("poll_s", v.seconds_between(0.5, 3600)),
    "timeout": ("timeout_s", v.seconds_between(0.1, 300)),
    "auth": ("auth", v.auth),
    "headers": ("headers", v.headers),
    "ca": ("ca", v.path_name),
    "proxy": ("proxy", v.url),
    "login": ("login", v.texts),
    "environment": ("environment", v.a_text),
    "options": ("options", v.options),
}


def _sources(reader: Reader, tree: Tree, at: str) -> tuple[SourceConfig, ...]:
    out = []
    for name, value, path in reader.pairs(tree, at):
        line = reader.lines[path]
        if not _SOURCE_NAME.match(name):
            reader.wrong(line, path, "a source's name has letters, digits, '-', '_' and '.', at most 41")
        fields = reader.struct(value, path, _SOURCE)
        given = {key for key, _, _ in reader.pairs(value, path)}
        out.append(SourceConfig(name=name, **{"type": "", **fields}))
        for needed in {"type", "url"} - given:
            reader.wrong(line, path, f"{needed} is missing")
        _check_type(reader, out[-1], path)
    return tuple(out)


def _check_type(reader: Reader, source: SourceConfig, path: str) -> None:
    line = reader.lines.get(f"{path}.type", 0)
    if source.type and source.type not in TYPES:
        reader.wrong(line, f"{path}.type", f"there is no source of this type{v.near(source.type, TYPES)}")
    for option in source.options if source.type in TYPES else ():
        if option not in TYPES[source.type]:
            at = f"{path}.options.{option}"
            reader.wrong(reader.lines[at], at, f"there is no such option{v.near(option, TYPES[source.type])}")


_METRIC: Table = {
    "title": ("title", v.a_text),
    "source": ("source", v.a_text),
    "query": ("query", v.a_text),
    "unit": ("unit", v.a_text),
    "limit": ("limit", v.number),
    "above": ("above", v.flag),
    "service": ("service", v.a_text),
}


def _metrics(reader: Reader, tree: Tree, at: str) -> tuple[MetricConfig, ...]:
    if v.empty(tree):
        return ()
    if not isinstance(tree, Items):
        raise Wrong(f"{v.found(tree)} stands where a list of metrics is expected, each beginning with '- title:'")
    out = []
    for number, item in enumerate(tree.items):
        path = f"{at}.{number}"
        reader.lines[path] = item.line
        fields = reader.struct(item, path, _METRIC)
        given = {key for key, _, _ in reader.pairs(item, path)}
        for needed in ("title", "source", "query"):
            if not fields.get(needed) and (needed in fields or needed not in given):
                reader.wrong(item.line, path, f"{needed} is missing")
        out.append(MetricConfig(**{"title": "", "source": "", "query": "", **fields}))
    return tuple(out)


_GROUPING: Table = {
    "window": ("window_s", v.seconds_between(1, 86_400)),
    "service_labels": ("service_labels", v.texts),
    "cluster_labels": ("cluster_labels", v.texts),
    "host_labels": ("host_labels", v.texts),
    "pod_labels": ("pod_labels", v.texts),
    "severity_labels": ("severity_labels", v.texts),
    "severities": ("severities", v.severities),
}
_ACK: Table = {"silence": ("silence", v.flag), "silence_for": ("silence_s", v.seconds_between(60, 86_400))}
_FACILITIES = ("auth", "authpriv", "user", *(f"local{n}" for n in range(8)))


def _facility(reader: Reader, tree: Tree, at: str) -> str:
    word = v.a_text(reader, tree, at).lower()
    if word in YES:
        return "auth"
    if word not in _FACILITIES:
        raise Wrong(f"true or a facility is expected{v.near(word, _FACILITIES)}")
    return word


_ANCHOR: Table = {"syslog": ("syslog", _facility), "file": ("file", v.path_name)}


def _anchors(reader: Reader, tree: Tree, at: str) -> tuple[AnchorConfig, ...]:
    if v.empty(tree):
        return ()
    if not isinstance(tree, Items):
        raise Wrong(f"{v.found(tree)} stands where a list is expected: [{{syslog: true}}, {{file: PATH}}]")
    out: list[AnchorConfig] = []
    for number, item in enumerate(tree.items):
        path = f"{at}.{number}"
        reader.lines[path] = item.line
        before = len(reader.problems)
        anchor = AnchorConfig(**reader.struct(item, path, _ANCHOR))
        if len(reader.problems) > before:
            continue
        if bool(anchor.syslog) == bool(anchor.file):
            reader.wrong(item.line, path, "either syslog or file is expected")
        elif any(bool(anchor.syslog) == bool(o.syslog) and anchor.file == o.file for o in out):
            reader.wrong(item.line, path, "the same stands here twice")
        else:
            out.append(anchor)
    return tuple(out)


_JOURNAL: Table = {
    "anchors": ("anchors", _anchors),
    "every_entries": ("every_entries", v.whole_between(1, 100_000)),
    "ballast_mb": ("ballast_mb", v.whole_between(0, 4096)),
    "every_minutes": ("every_minutes", v.number_between(0.5, 1440)),
    "signing_key": ("signing_key", v.path_name),
}
_TOP: Table = {
    "operator": ("operator", v.a_text),
    "sources": ("sources", _sources),
    "metrics": ("metrics", _metrics),
    "grouping": ("grouping", lambda r, tree, at: GroupingConfig(**r.struct(tree, at, _GROUPING))),
    "ack": ("ack", lambda r, tree, at: AckConfig(**r.struct(tree, at, _ACK))),
    "journal": ("journal", lambda r, tree, at: JournalConfig(**r.struct(tree, at, _JOURNAL))),
    "keys": ("keys", v.text_map),
    "theme": ("theme", v.a_text),
    "mouse": ("mouse", v.flag),
    "utc": ("utc", v.flag),
    "read_only": ("read_only", v.flag),
    "runbooks": ("runbooks", v.path_names),
    "folder": ("folder", v.path_name),
    "settle": ("settle_s", v.seconds_between(0, 86_400)),
    "redact": ("redact", v.patterns),
}


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in a file, with what ``WARROOM_*`` sets over it.

    Raises ``ConfigError`` whose text has one line a problem, ``FILE:LINE: KEY: what is wrong``.
    """
    config = parse(_read(path), path)
    return override(config, os.environ if environ is None else environ)


def load_part(path: Path, keys: Collection[str], environ: Mapping[str, str] | None = None) -> tuple[Config, list[str]]:
    """What a file says under a few keys of its first level, and a line for each problem that does not touch them.

    For commands that only read: a source or a metric that is wrong is no reason not to show an incident. A problem of
    these keys, a misspelt one, and a file that cannot be taken apart stop them too.
    """
    reader, fields = _taken_apart(_read(path), path)
    if stops := [problem for problem in reader.problems if _touches(problem[1], keys)]:
        _fail(path, stops)
    wanted = {_TOP[key][0] for key in keys}
    config = Config(**{k: v for k, v in fields.items() if k in wanted}, path=str(path), lines=reader.lines)
    return override(config, os.environ if environ is None else environ), _told(path, reader.problems)


def _touches(at: str, keys: Collection[str]) -> bool:
    top = at.split(".", 1)[0]
    return top in ("", "the file", *keys) or (top not in _TOP and nearest(top, _TOP) in keys)


def parse(data: bytes, path: Path) -> Config:
    """The configuration in these bytes; ``path`` is named in messages and is what relative paths start from."""
    reader, fields = _taken_apart(data, path)
    if reader.problems:
        _fail(path, reader.problems)
    return Config(**fields, path=str(path), lines=reader.lines)


def _taken_apart(data: bytes, path: Path) -> tuple[Reader, dict[str, Any]]:
    """Fields by name as far as they could be read, and who knows the problems."""
    reader = Reader(path.absolute().parent)
    fields: dict[str, Any] = {}
    try:
        tree = read_tree(data)
        fields = reader.struct(tree, "", _TOP) if tree is not None else {}
    except Malformed as error:
        reader.wrong(error.line, "", error.what)
    _check_metric_sources(reader, fields)
    return reader, fields


def _check_metric_sources(reader: Reader, fields: dict[str, Any]) -> None:
    names = {s.name: s.type for s in fields.get("sources", ())}
    for number, metric in enumerate(fields.get("metrics", ())):
        at = f"metrics.{number}.source"
        if metric.source and metric.source not in names:
            hint = v.near(metric.source, names) if names else "; there are none under sources"
            reader.wrong(reader.lines.get(at, 0), at, f"there is no source of this name{hint}")
        elif names.get(metric.source) == "alertmanager":
            reader.wrong(reader.lines[at], at, "an Alertmanager answers no queries; name a source of type prometheus")


def _fail(path: Path, problems: Sequence[Problem]) -> None:
    raise ConfigError(
        "\n".join(_told(path, problems)), next="correct it; every key is explained in what 'warroom init' writes"
    )


def _told(path: Path, problems: Sequence[Problem]) -> list[str]:
    """A line for each, in the order of the file; thirty at most."""
    lines = []
    for line, key, what in sorted(set(problems)):
        place = f"{path}:{line}" if line else str(path)
        lines.append(clean(f"{place}: {key}: {what}" if key else f"{place}: {what}", 600))
    if len(lines) > 30:
        lines[30:] = [f"{path}: and {len(lines) - 30} more problems"]
    return lines


def _read(path: Path) -> bytes:
    """The bytes of a regular file that nobody else may change; a pipe or device is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration at {path}",
            next="'warroom init' writes one to edit; 'warroom demo' shows the console without one",
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{path} is not a file")
        if status.st_uid not in (os.geteuid(), 0):
            raise ConfigError(f"{path} belongs to uid {status.st_uid}", next="it names commands to run: copy it")
        if status.st_mode & 0o022:
            raise ConfigError(f"others may change {path}, which names commands to run", next=f"chmod go-w {path}")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def override(config: Config, environ: Mapping[str, str]) -> Config:
    """What ``WARROOM_READ_ONLY``, ``WARROOM_THEME`` and ``WARROOM_STATE`` say instead of the file."""
    if word := environ.get("WARROOM_READ_ONLY", "").lower():
        if word not in YES + NO:
            raise ConfigError("WARROOM_READ_ONLY is neither true nor false", next="set it to 1 or 0, or unset it")
        config = replace(config, read_only=word in YES)
    if theme := environ.get("WARROOM_THEME", ""):
        config = replace(config, theme=clean(theme, 40))
    if state := environ.get("WARROOM_STATE", ""):
        config = replace(config, folder=state)
    return config
