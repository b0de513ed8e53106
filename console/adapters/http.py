"""What every HTTP adapter shares: one client, verified TLS, one total deadline, bounded bodies, errors of the tree."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec

from console.adapters.answers import Answers, Tape
from console.adapters.http_body import BadEncoding, unpacked
from console.config import SourceConfig
from console.errors import (
    BackendError,
    BadAnswer,
    ConfigError,
    RateLimited,
    Rejected,
    ServerFailed,
    TimedOut,
    Unauthorised,
    Unreachable,
    WarroomError,
)
from console.secret import Redactor, Secret
from console.text import clean

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("warroom.http")

LARGEST = 200_000_000
"""Bytes of a body, unpacked, that are read at most; 100k alerts are about 75 MB."""

WORDS_S = 2.0
"""How long the text of a refusal is waited for."""


class HttpClient:
    """Requests to one backend, made below its base address; connections are kept, redirects are not followed."""

    def __init__(self, config: SourceConfig, secrets: Callable[[str], Secret], redact: Redactor) -> None:
        self._config = config
        self._secrets = secrets
        self._redact = redact
        self._client: httpx.AsyncClient | None = None
        self._making = asyncio.Lock()
        self.answers = Answers()
        self.date = 0
        """The server's own time as of its last answer, milliseconds; 0 = it does not tell."""

    @property
    def base(self) -> str:
        """The base address without a trailing slash."""
        return self._config.url.rstrip("/")

    async def get(self, path: str, params: Mapping[str, Any] | None = None, *, largest: int = LARGEST) -> bytes:
        """The whole body of a GET."""
        return await self.send("GET", path, params=params, largest=largest)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: object = None,
        largest: int = LARGEST,
    ) -> bytes:
        """The whole body of any request; raises an error of the tree."""
        parts = [chunk async for chunk in self.stream(method, path, params=params, json=json, largest=largest)]
        return b"".join(parts)

    async def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: object = None,
        largest: int = LARGEST,
    ) -> AsyncGenerator[bytes, None]:
        """The body in pieces as they arrive; one deadline holds for all of it."""
        begin = time.monotonic()
        # The deadline is set anew around each wait: one held across a yield would cancel whoever consumes this.
        deadline = asyncio.get_running_loop().time() + self._config.timeout_s
        size, status = 0, 0
        tape = self.answers.tape(method, path, params)
        response: httpx.Response | None = None
        pieces: AsyncGenerator[bytes, None] | None = None
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._sent(method, path, params, json)
                status = response.status_code
                self.date = round(instant_of(response.headers.get("date", "")) * 1000)
            if not response.is_success:
                raise await self._refusal(response, path, tape)
            pieces = _content(response)
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(pieces)
                except StopAsyncIteration:
                    tape.end(status)
                    break
                tape.add(chunk)
                size += len(chunk)
                if size > largest:
                    raise BadAnswer(f"{self._name(path)} sends over {largest / 1e6:g} MB", next="ask for less")
                yield chunk
        except TimeoutError:
            raise TimedOut(f"{self._name(path)}: no whole answer in {self._config.timeout_s:g} s") from None
        except BadEncoding as error:
            raise BadAnswer(f"{self._name(path)}: {error}") from None
        except OSError as error:
            raise Unreachable(f"{self._name(path)}: {clean(str(error), 200)}") from None
        except Exception as error:
            raise self._translated(error, path) from None
        finally:
            if pieces is not None:
                await pieces.aclose()
            if response is not None:
                await response.aclose()
            log.debug(
                "%s %s %s %d B %.0f ms", method, self._redact.text(path), status, size, (time.monotonic() - begin) * 1e3
            )

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await client.aclose()

    async def _sent(self, method: str, path: str, params: Mapping[str, Any] | None, json: object) -> httpx.Response:
        headers = await self._headers(path)
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._made)
        try:
            request = self._client.build_request(method, self.base + path, params=params, json=json, headers=headers)
        except Exception as error:
            raise self._translated(error, path) from None
        return await self._client.send(request, stream=True)

    def _made(self) -> httpx.AsyncClient:
        """A client; importing httpx and reading certificates take 0.1 s, so a thread does it."""
        import httpx

        from console.adapters.http_connect import transport

        config = self._config
        if config.url.startswith("https:") or config.ca or config.proxy:
            verify = ssl.create_default_context(cafile=config.ca or None)
        else:
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for plain HTTP: it would verify, and trusts nobody
        return httpx.AsyncClient(
            transport=transport(verify, config.proxy),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(config.timeout_s, connect=min(5.0, config.timeout_s)),
        )

    async def _headers(self, path: str) -> dict[str, str]:
        """Secrets are resolved at each request, so that a renewed login is used at once; programs run off the loop."""
        named = (*self._config.auth.values(), *self._config.headers.values())
        slow = any(value.startswith(("cmd:", "file:")) for value in named)
        try:
            headers = await asyncio.to_thread(self._resolved) if slow else self._resolved()
        except ConfigError as error:
            raise Unauthorised(f"{self._name(path)}: {error.what}", next=error.next) from None
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise Unauthorised(f"{self._name(path)}: its {name} header is not plain text", next="check the secret")
        return headers

    def _resolved(self) -> dict[str, str]:
        import base64

        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "warroom"}
        for name, value in self._config.headers.items():
            headers[name] = self._value(value)
        auth = self._config.auth
        if "bearer" in auth:
            headers["Authorization"] = "Bearer " + self._secrets(auth["bearer"]).reveal().strip()
        elif "user" in auth:
            password = self._secrets(auth["password"]).reveal().strip()
            pair = base64.b64encode(f"{self._value(auth['user'])}:{password}".encode()).decode()
            self._redact.learn(Secret(pair))
            headers["Authorization"] = f"Basic {pair}"
        return headers

    def _value(self, text: str) -> str:
        reference = text.split(":", 1)[0] in ("env", "file", "cmd")
        return self._secrets(text).reveal().strip() if reference else text

    async def _refusal(self, response: httpx.Response, path: str, tape: Tape) -> BackendError:
        body = b""
        with contextlib.suppress(Exception):  # what is known already counts more than the text that would explain it
            async with asyncio.timeout(min(WORDS_S, self._config.timeout_s)):
                async for chunk in _content(response):
                    body += chunk
                    if len(body) > 4000:
                        break
        tape.add(body)
        tape.end(response.status_code)
        text = body.decode("utf-8", "replace")
        status, name = response.status_code, self._name(path)
        said = self._said(text)
        if status in (401, 403):
            return Unauthorised(
                f"{name} answered {status}{said}",
                next="renew the login: F5 shows the sources, l logs in, a asks at once",
            )
        if status == 429:
            return RateLimited(
                f"{name} asked to wait{said}", retry_after=retry_after(response.headers.get("retry-after", ""))
            )
        if status >= 500:
            return ServerFailed(f"{name} answered {status}{said}")
        if 300 <= status < 400:
            return Rejected(f"{name} redirects elsewhere ({status})", next="configure the final address")
        return Rejected(f"{name} answered {status}{said}")

    def _said(self, text: str) -> str:
        text = " ".join(_unwrapped(text).split())
        if not text or text.startswith("<"):
            return ""
        return ": " + clean(self._redact.text(text), 200)

    def _translated(self, error: Exception, path: str) -> Exception:
        """The error of the tree for one of httpx; any other is given back as it is."""
        import httpx

        name, text = self._name(path), clean(self._redact.text(str(error)), 200)
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return Unreachable(f"{name}: no connection in time", next="check the network and the name server")
        if isinstance(error, httpx.TimeoutException):
            return TimedOut(f"{name}: no answer in time")
        if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
            return Unreachable(f"{name}: {text}", next="check the address and the network")
        if isinstance(error, httpx.InvalidURL | ValueError) and not isinstance(error, WarroomError):
            return Unreachable(f"{name}: {text}", next="check its address")
        if isinstance(error, httpx.HTTPError):
            return BadAnswer(f"{name}: the answer broke off ({type(error).__name__})")
        return error

    def _name(self, path: str) -> str:
        return f"{self._config.name} {path.split('?')[0]}"


def _content(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    return unpacked(response.aiter_raw(), response.headers.get("content-encoding", ""))


def retry_after(value: str, now: float | None = None) -> float:
    """Seconds of a ``Retry-After`` header: a number or an HTTP date; 0 if it says nothing usable (RFC 9110 §10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 86_400))
    when = instant_of(value)
    return max(0.0, min(when - (time.time() if now is None else now), 86_400.0)) if when else 0.0


def instant_of(date: str) -> float:
    """Seconds since the epoch of an HTTP date; 0 = it is none."""
    try:
        when = email.utils.parsedate_to_datetime(date)
        return max(0.0, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError, OverflowError, IndexError):
        return 0.0


def _unwrapped(text: str) -> str:
    """The words in a refusal: APIs put them under ``error`` or ``message``, or send one JSON string."""
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict):
        value = next((value[name] for name in ("error", "message") if isinstance(value.get(name), str)), text)
    return value if isinstance(value, str) else text
