"""References to secrets: the environment, a private file or a program says the value; the configuration never does."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import time
from pathlib import Path

from console.errors import ConfigError
from console.secret import Secret

MAX_BYTES = 65_536
COMMAND_S = 10.0
"""How long a program may take to say a secret."""
KEPT_S = 30.0
"""How long what a program said is used again: programs of this kind take up to seconds."""
_said: dict[str, tuple[float, Secret]] = {}


def resolve(reference: str) -> Secret:
    """The secret behind ``env:NAME``, ``file:PATH`` or ``cmd:PROGRAM ARGUMENTS``, trailing newlines removed.

    Raises ``ConfigError``; its text names the reference, never anything that was read.
    """
    kind, _, rest = reference.partition(":")
    if kind == "cmd" and reference in _said and time.monotonic() - _said[reference][0] < KEPT_S:
        return _said[reference][1]
    readers = {"env": _variable, "file": _file, "cmd": _command}
    if kind not in readers or not rest.strip():
        # The text itself may be a secret that was put in the wrong place: it is not repeated.
        raise ConfigError("a secret is not given as a reference", next="write env:NAME, file:PATH or cmd:PROGRAM")
    value = readers[kind](rest.strip()).rstrip("\r\n")
    if not value:
        raise ConfigError(f"the secret {_shown(reference)} is empty", next="store a value there")
    if not value.isprintable():
        raise ConfigError(
            f"the secret {_shown(reference)} has several lines or control characters", next="one line is expected"
        )
    secret = Secret(value)
    if kind == "cmd":
        _said[reference] = (time.monotonic(), secret)
    return secret


def forget() -> None:
    """Ask programs anew from here on: after a login was renewed, or a secret was refused."""
    _said.clear()


def _shown(reference: str) -> str:
    """The reference as messages name it: of a program its name alone, arguments may be secrets themselves."""
    kind, _, rest = reference.partition(":")
    return f"cmd:{_argv(rest)[0]} …" if kind == "cmd" else f"{kind}:{rest.strip()}"


def _variable(name: str) -> str:
    if name not in os.environ:
        raise ConfigError(f"the environment variable {name} is not set", next=f"export {name}, then start again")
    return os.environ[name]


def _file(name: str) -> str:
    path = Path(name).expanduser()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise ConfigError(f"the secret file {path} cannot be read: {getattr(error, 'strerror', error)}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"the secret file {path} is not a file")
        if status.st_mode & 0o077:
            raise ConfigError(
                f"others may read the secret file {path} (mode {stat.S_IMODE(status.st_mode):04o})",
                next=f"chmod 600 {shlex.quote(str(path))}, and change the secret if others have read it",
            )
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise ConfigError(f"the secret file {path} is larger than {MAX_BYTES // 1024} kB")
    return _text(data, f"file:{path}")


def _command(line: str) -> str:
    argv = _argv(line)
    shown = f"the program {argv[0]} that is to say a secret"
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=COMMAND_S,
            check=False, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{shown} took over {COMMAND_S:g} s", next="run it by hand: does it ask something?") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown} cannot be run: {getattr(error, 'strerror', error)}") from None
    if done.returncode:
        raise ConfigError(f"{shown} failed with exit code {done.returncode}", next="run it by hand and log in again")
    return _text(done.stdout[: MAX_BYTES + 1], f"cmd:{argv[0]}")


def _argv(line: str) -> list[str]:
    try:
        argv = shlex.split(line)
    except ValueError:
        argv = []
    if not argv:
        raise ConfigError("a cmd: reference is not a command line", next="check its quotes")
    return argv


def _text(data: bytes, shown: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"the secret {shown} is not text", next="UTF-8 on one line is expected") from None
