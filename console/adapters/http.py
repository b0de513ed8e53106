"""What every HTTP adapter shares: one client, verified TLS, one total deadline, bounded bodies, errors of the tree."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from console.config import SourceConfig
from console.errors import (
    BackendError,
    BadAnswer,
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

LARGEST = 256_000_000
"""Bytes of a body that are read at most; 100k alerts are about 75 MB."""


class HttpClient:
    """Requests to one backend, made below its base address; connections are kept, redirects are not followed."""

    def __init__(self, config: SourceConfig, secrets: Callable[[str], Secret], redact: Redactor) -> None:
        self._config = config
        self._secrets = secrets
        self._redact = redact
        self._client: httpx.AsyncClient | None = None

    @property
    def base(self) -> str:
        """The base address without a trailing slash."""
        return self._config.url.rstrip("/")

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> bytes:
        """The whole body of a GET."""
        return await self.send("GET", path, params=params)

    async def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: object = None
    ) -> bytes:
        """The whole body of any request; raises an error of the tree."""
        parts = [chunk async for chunk in self.stream(method, path, params=params, json=json)]
        return b"".join(parts)

    async def stream(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: object = None
    ) -> AsyncIterator[bytes]:
        """The body in pieces as they arrive; one deadline holds for all of it."""
        import httpx

        begin = time.monotonic()
        # The deadline is set anew around each wait: one held across a yield would cancel whoever consumes this.
        deadline = asyncio.get_running_loop().time() + self._config.timeout_s
        size, status = 0, 0
        response: httpx.Response | None = None
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._sent(method, path, params, json)
                status = response.status_code
                if not response.is_success:
                    raise await self._refusal(response, path)
            pieces = response.aiter_bytes()
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(pieces)
                except StopAsyncIteration:
                    break
                size += len(chunk)
                if size > LARGEST:
                    raise BadAnswer(f"{self._name(path)} sends over {LARGEST // 1_000_000} MB")
                yield chunk
        except TimeoutError:
            raise TimedOut(f"{self._name(path)}: no whole answer in {self._config.timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise self._translated(error, path) from None
        except (ssl.SSLError, OSError) as error:
            raise Unreachable(f"{self._name(path)}: {clean(str(error), 200)}") from None
        finally:
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
        client = self._connected()
        request = client.build_request(method, self.base + path, params=params, json=json, headers=self._headers())
        return await client.send(request, stream=True)

    def _connected(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            verify = ssl.create_default_context(cafile=self._config.ca or None)
            self._client = httpx.AsyncClient(
                verify=verify,
                proxy=self._config.proxy or None,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(self._config.timeout_s, connect=min(5.0, self._config.timeout_s)),
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
            )
        return self._client

    def _headers(self) -> dict[str, str]:
        """Secrets are resolved at each request, so that a renewed login is used at once."""
        import base64

        headers = {"Accept": "application/json", "User-Agent": "warroom"}
        for name, value in self._config.headers.items():
            reference = value.split(":", 1)[0] in ("env", "file", "cmd")
            headers[name] = self._secrets(value).reveal() if reference else value
        auth = self._config.auth
        if "bearer" in auth:
            headers["Authorization"] = "Bearer " + self._secrets(auth["bearer"]).reveal().strip()
        elif "user" in auth:
            user = auth["user"]
            if user.split(":", 1)[0] in ("env", "file", "cmd"):
                user = self._secrets(user).reveal().strip()
            password = self._secrets(auth["password"]).reveal().strip()
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._redact.learn(Secret(pair))
            headers["Authorization"] = f"Basic {pair}"
        return headers

    async def _refusal(self, response: httpx.Response, path: str) -> BackendError:
        text = ""
        with contextlib.suppress(Exception):
            async for chunk in response.aiter_bytes():
                text += chunk.decode("utf-8", "replace")
                if len(text) > 2000:
                    break
        status, name = response.status_code, self._name(path)
        said = self._said(text)
        if status in (401, 403):
            return Unauthorised(f"{name} answered {status}{said}", next="renew the login, then press F5")
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
        text = " ".join(text.split())
        if not text or text.startswith("<"):
            return ""
        return ": " + clean(self._redact.text(text), 200)

    def _translated(self, error: httpx.HTTPError, path: str) -> WarroomError:
        import httpx

        name, text = self._name(path), clean(self._redact.text(str(error)), 200)
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return Unreachable(f"{name}: no connection in time")
        if isinstance(error, httpx.TimeoutException):
            return TimedOut(f"{name}: no answer in time")
        if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
            return Unreachable(f"{name}: {text}", next="check the address and the network")
        return BadAnswer(f"{name}: the answer broke off ({type(error).__name__})")

    def _name(self, path: str) -> str:
        return f"{self._config.name} {path.split('?')[0]}"


def retry_after(value: str, now: float | None = None) -> float:
    """Seconds of a ``Retry-After`` header: a number or an HTTP date; 0 if it says nothing usable (RFC 9110 §10.2.3)."""
    value = value.strip()
    if value.isdigit():
        return float(min(int(value), 86_400))
    try:
        when = email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return max(0.0, min(when - (time.time() if now is None else now), 86_400.0))
