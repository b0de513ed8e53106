"""Real servers on free loopback ports, one of each for the whole run; ended by their process ids."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

UP_S = 30.0


def binary(name: str) -> str:
    """The server's path; without it the test is skipped, or fails where servers are required."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed on this machine"
        if os.environ.get("WARROOM_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(name: str, folder: Path, port: int, *flags: str) -> Iterator[str]:
    """The server's address once it says that it is ready."""
    argv = [binary(name), f"--web.listen-address=127.0.0.1:{port}", *flags]
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
    try:
        _await_ready(process, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + UP_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        ready = urllib.request.Request(f"{url}/-/ready")
        with contextlib.suppress(OSError), urllib.request.urlopen(ready, timeout=2):
            return
        time.sleep(0.05)
    pytest.fail(f"{url} did not get ready:\n{log.read_text(errors='replace')[-2000:]}")


ALERTMANAGER = """
route:
  receiver: nowhere
  group_by: [alertname, cluster]
  group_wait: 1s
receivers:
  - name: nowhere
"""

PROMETHEUS = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {{datacentre: fra-2, prometheus_replica: a}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: ["{alertmanager}"]
scrape_configs:
  - job_name: itself
    static_configs:
      - targets: ["127.0.0.1:{port}"]
        labels: {{cluster: eu-1}}
  - job_name: nobody
    static_configs:
      - targets: ["127.0.0.1:1"]
"""

RULES = """
groups:
  - name: of the test
    rules:
      - alert: TargetDown
        expr: up{job="nobody"} == 0
        labels: {severity: page, service: payments}
        annotations: {summary: "{{ $labels.job }} does not answer"}
      - alert: NotYet
        expr: up{job="itself"} == 1
        for: 1h
        labels: {severity: low}
"""


@pytest.fixture(scope="session")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(ALERTMANAGER)
    flags = ("--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address=")
    with server("prometheus-alertmanager", folder, free_port(), *flags) as url:
        yield url


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory, alertmanager: str) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    target = alertmanager.removeprefix("http://")
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(port=port, alertmanager=target))
    (folder / "rules.yml").write_text(RULES)
    flags = ("--config.file=prometheus.yml", "--storage.tsdb.path=data", "--rules.alert.resend-delay=5s")
    with server("prometheus", folder, port, *flags) as url:
        yield url
