"""Signatures by an SSH key, the console's own, one in a file or one that ssh-agent holds; ssh-keygen makes them."""

from __future__ import annotations

import base64
import os
import re
import stat
import subprocess
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from console.clock import Ids
from console.errors import JournalError
from console.text import clean

NAMESPACE = "warroom-bundle"
TYPE = "ssh-ed25519"
_TIMEOUT_S = 60.0
_KEY = re.compile(rf"{TYPE} ([A-Za-z0-9+/]+={{0,2}})(?:\s|$)")
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class Key(Struct, frozen=True):
    """A key to sign with."""

    path: Path
    """Of the private key, or of the public one if ssh-agent holds the private."""
    public: str
    """Base64 of the public key."""

    @property
    def line(self) -> str:
        """The public key as a file of its own."""
        return f"{TYPE} {self.public} warroom\n"

    @property
    def fingerprint(self) -> str:
        """``SHA256:…``, as ssh-keygen shows it."""
        return fingerprint(self.public)


def fingerprint(public: str) -> str:
    """The fingerprint of a public key in base64."""
    return "SHA256:" + base64.b64encode(sha256(base64.b64decode(public)).digest()).decode().rstrip("=")


def own_key(state: Path, ids: Ids) -> Key:
    """The console's own key, ``<state>/identity``, made on first use.

    It has no passphrase and mode 0600: what it proves is as much as the account it lies in is worth.
    """
    path = state / "identity"
    if not os.path.lexists(path):
        state.mkdir(0o700, parents=True, exist_ok=True)
        side = state / f".identity-{ids.new('key').rpartition('-')[2]}"
        try:
            _run(["-q", "-t", "ed25519", "-N", "", "-C", "warroom", "-f", str(side)])
            _publish(side, path)
        except OSError as error:
            raise JournalError(f"no key could be made at {path}: {error.strerror}") from error
        finally:
            for leftover in (side, side.with_name(f"{side.name}.pub")):
                with suppress(FileNotFoundError):
                    leftover.unlink()
    return key_at(path)


def _publish(side: Path, path: Path) -> None:
    """Give a fresh key its name; of two consoles that make one at once, one wins."""
    try:
        os.link(side, path)
    except FileExistsError:
        return
    side.unlink()  # the name that ssh-keygen gave it: a key has one
    with suppress(FileExistsError):
        os.link(side.with_name(f"{side.name}.pub"), path.with_name(f"{path.name}.pub"))


def key_at(path: Path) -> Key:
    """The key in a file; raises ``JournalError`` if it is none that can be used, or is open to others."""
    try:
        status = path.stat()
    except OSError as error:
        raise JournalError(
            f"there is no key at {path}: {error.strerror}", next="check 'signing_key' in the configuration"
        ) from error
    if path.suffix == ".pub":
        text = path.read_text(errors="replace")
    else:
        if status.st_uid not in (os.geteuid(), 0) or stat.S_IMODE(status.st_mode) & 0o077:
            raise JournalError(f"the key {path} is not yours alone", next=f"chmod 600 {path}, or make another key")
        text = _public_of(path)
    match = _KEY.match(text)
    if match is None:
        raise JournalError(
            f"{path} is not an Ed25519 key", next="make one with ssh-keygen -t ed25519, or leave 'signing_key' out"
        )
    return Key(path, match[1])


def _public_of(path: Path) -> str:
    """The public half: from the file beside it, else out of the private one."""
    beside = path.with_name(f"{path.name}.pub")
    with suppress(OSError):
        return beside.read_text(errors="replace")
    return _run(["-y", "-P", "", "-f", str(path)]).decode("ascii", "replace")


def sign(key: Key, data: bytes) -> bytes:
    """An SSHSIG over the bytes, armoured; the same bytes and key always give the same."""
    said = _run(["-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key.path)], data).decode("ascii", "replace")
    inner = said.partition(_BEGIN)[2].partition(_END)[0]
    try:
        blob = base64.b64decode("".join(inner.split()), validate=True)
        if _signer(blob) != key.public:
            raise ValueError("it is by another key than the one beside the private key")
    except (ValueError, IndexError) as error:
        raise JournalError(f"the signature by {key.path} cannot be used: {error}") from error
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def _signer(blob: bytes) -> str:
    """The public key in a signature: ``SSHSIG``, version, then length and key (OpenSSH, PROTOCOL.sshsig)."""
    if blob[:6] != b"SSHSIG":
        raise ValueError("it is none")
    size = int.from_bytes(blob[10:14], "big")
    return base64.b64encode(blob[14 : 14 + size]).decode()


def _run(arguments: list[str], data: bytes = b"") -> bytes:
    """ssh-keygen's output; without a terminal, so that it asks for no passphrase."""
    kept = ("PATH", "HOME", "SSH_AUTH_SOCK")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments],
            input=data,
            capture_output=True,
            timeout=_TIMEOUT_S,
            env=environment,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise JournalError(
            "ssh-keygen is not installed, and bundles are signed with it", next="install the OpenSSH client"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise JournalError(
            "ssh-keygen did not answer in a minute", next="check ssh-agent, or use another key"
        ) from error
    if done.returncode:
        why = clean(
            done.stderr.decode("utf-8", "replace").strip().splitlines()[-1] if done.stderr.strip() else "failed"
        )
        raise JournalError(
            f"ssh-keygen: {why}",
            next="a key with a passphrase is used through ssh-agent: ssh-add it, and name its .pub file",
        )
    return done.stdout
