"""The shared client on its worst days: every fault is one error of the tree, in time, and tells no secret."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Callable
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.http import HttpClient, retry_after
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
)
from console.secret import Redactor, Secret
from tests.unit.adapters.loopback import Answering, Asked, Vault, config, serving

HOPELESS = 30.0
"""Seconds after which a test gives up: far over every time-out that is configured here."""


def failure(answering: Answering, timeout_s: float = 5.0, **more: object) -> BackendError:
    """The error that a GET of ``/x`` ends in."""

    async def main() -> BackendError:
        async with serving(answering) as server:
            vault = Vault(KEY="hunter2-bearer")
            client = HttpClient(config(server.url, timeout_s=timeout_s, **more), vault, vault.redact)
            try:
                with pytest.raises(BackendError) as caught:
                    await asyncio.wait_for(client.get("/x"), HOPELESS)
            finally:
                await client.close()
            return caught.value

    return asyncio.run(main())


def status(line: str, body: bytes = b"", **headers: str) -> Answering:
    return lambda asked: asked.answer(body, line, **headers)


async def never(_asked: Asked) -> None:
    await asyncio.Event().wait()


async def drip(asked: Asked) -> None:
    """A byte each 20 ms: no single read is ever late, the whole is."""
    await asked.begin(1_000_000)
    while True:
        asked.writer.write(b" ")
        await asked.writer.drain()
        await asyncio.sleep(0.02)


async def broken(asked: Asked) -> None:
    await asked.begin(1_000)
    asked.writer.write(b"[" * 100)
    await asked.writer.drain()
    asked.reset()


async def no_http(asked: Asked) -> None:
    asked.writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await asked.writer.drain()


def test_a_hang_ends_at_the_time_out() -> None:
    begin = time.monotonic()
    error = failure(never, timeout_s=0.2)
    assert isinstance(error, TimedOut)
    assert time.monotonic() - begin < 5
    assert "src /x" in error.what
    assert error.happened is None


def test_a_slow_drip_ends_at_the_one_deadline() -> None:
    begin = time.monotonic()
    error = failure(drip, timeout_s=0.3)
    assert isinstance(error, TimedOut)
    assert 0.25 < time.monotonic() - begin < 5


def test_a_refusal_whose_text_never_ends_is_still_that_refusal() -> None:
    async def slow(asked: Asked) -> None:
        asked.writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 900\r\n\r\nlog")
        await asked.writer.drain()
        await never(asked)

    assert isinstance(failure(slow, timeout_s=0.3), Unauthorised)


@pytest.mark.parametrize("line", ["401 Unauthorized", "403 Forbidden"])
def test_a_refused_login_says_how_to_renew_it(line: str) -> None:
    error = failure(status(line, b"who are you"))
    assert isinstance(error, Unauthorised)
    assert line[:3] in error.what
    assert "who are you" in error.what
    assert "F5" in error.next
    assert error.happened is False


def test_asked_to_wait_in_seconds() -> None:
    error = failure(status("429 Too Many Requests", Retry_After="17"))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 17.0


def test_asked_to_wait_until_a_date() -> None:
    from datetime import UTC, datetime, timedelta

    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    error = failure(status("429 Too Many Requests", Retry_After=date))
    assert isinstance(error, RateLimited)
    assert 60 < error.retry_after <= 90


@pytest.mark.parametrize(
    "value", ["", "soon", "²", pytest.param("9" * 5000, id="long"), "Thu, 99 Foo 2026", "-5", "1e9", "\xff"]
)
def test_a_useless_retry_after_is_still_asked_to_wait(value: str) -> None:
    error = failure(status("429 Too Many Requests", Retry_After=value))
    assert isinstance(error, RateLimited)
    assert 0 <= error.retry_after <= 86_400


@given(
    st.text(max_size=60) | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,5} \d\d:\d\d:\d\d ?[+-]?\w{0,5}", fullmatch=True)
)
def test_retry_after_never_raises_and_is_bounded(value: str) -> None:
    assert 0 <= retry_after(value, 1_795_000_000.0) <= 86_400


def test_a_date_without_a_zone_is_universal_time() -> None:
    assert retry_after("Thu, 01 Jan 1970 00:01:00 -0000", 0.0) == 60.0


def test_a_server_that_failed_may_have_done_it() -> None:
    error = failure(status("500 Internal Server Error", b"disk is full"))
    assert isinstance(error, ServerFailed)
    assert "500: disk is full" in error.what
    assert error.happened is None


def test_a_page_of_html_is_not_repeated() -> None:
    error = failure(status("502 Bad Gateway", b"<html><b>nginx</b></html>"))
    assert isinstance(error, ServerFailed)
    assert "nginx" not in error.what


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"status":"error","errorType":"bad_data","error":"parse error: unclosed"}', "400: parse error: unclosed"),
        (b'"silence not found"', "400: silence not found"),
        (b'{"code":601,"message":"comment in body is required"}', "400: comment in body is required"),
        (b'{"error":{"deep":1}}', '400: {"error"'),
        (b'{"error":', '400: {"error":'),
        (b"[" * 1900, "400: [[["),
    ],
)
def test_the_servers_own_words_are_taken_out_of_their_wrapping(body: bytes, said: str) -> None:
    error = failure(status("400 Bad Request", body))
    assert isinstance(error, Rejected)
    assert said in error.what


def test_hostile_words_of_a_refusal_are_made_visible() -> None:
    error = failure(status("400 Bad Request", b"\x1b]52;c;aGk=\x07 \x00 \xe2\x80\xae" + b"x" * 5000))
    assert error.what.isprintable()
    assert "␛" in error.what
    assert len(error.what) < 300


def test_a_redirect_is_not_followed() -> None:
    async def main() -> None:
        async with serving(lambda a: a.answer(b"", "302 Found", Location="/y")) as server:
            client = HttpClient(config(server.url), Vault(), Redactor())
            with pytest.raises(Rejected, match="redirects"):
                await client.get("/x")
            await client.close()
            assert [a.path for a in server.asked] == ["/x"]

    asyncio.run(main())


def test_a_reset_in_the_middle_is_a_bad_answer() -> None:
    error = failure(broken)
    assert isinstance(error, BadAnswer)
    assert "broke off" in error.what


def test_something_that_does_not_speak_http() -> None:
    assert isinstance(failure(no_http), BadAnswer)


def test_rubbish_that_says_it_is_compressed() -> None:
    assert isinstance(failure(status("200 OK", b"not gzip", Content_Encoding="gzip")), BadAnswer)


def test_a_body_over_the_bound_is_let_go() -> None:
    async def main() -> None:
        async with serving(status("200 OK", b"x" * 1001)) as server:
            client = HttpClient(config(server.url), Vault(), Redactor())
            assert len(await client.get("/x", largest=1001)) == 1001
            with pytest.raises(BadAnswer, match="sends over"):
                await client.get("/x", largest=1000)
            await client.close()

    asyncio.run(main())


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1", "gopher://127.0.0.1"])
def test_an_address_that_leads_nowhere(url: str) -> None:
    async def main() -> None:
        client = HttpClient(config(url), Vault(), Redactor())
        with pytest.raises(Unreachable):
            await client.get("/x")
        await client.close()

    asyncio.run(main())


def test_a_missing_certificate_file_is_named_unreachable() -> None:
    assert isinstance(failure(never, ca="/nonexistent/ca.pem"), Unreachable)


# The deadline and the tasks around it


def consuming(pause: float, timeout_s: float) -> tuple[str, bool]:
    """A consumer that rests between pieces: how its stream ended, and whether its own task was ever cancelled."""

    async def pieces(asked: Asked) -> None:
        await asked.begin(10 * 70_000)
        for _ in range(10):
            asked.writer.write(b"x" * 70_000)
            await asked.writer.drain()
        await never(asked)

    async def main() -> tuple[str, bool]:
        async with serving(pieces) as server:
            client = HttpClient(config(server.url, timeout_s=timeout_s), Vault(), Redactor())
            ended = ""
            try:
                async for _ in client.stream("GET", "/x"):
                    await asyncio.sleep(pause)  # a cancellation from outside would be raised here
            except BackendError as error:
                ended = type(error).__name__
            task = asyncio.current_task()
            assert task is not None
            await asyncio.sleep(0)
            await client.close()
            return ended, task.cancelling() > 0

    return asyncio.run(main())


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.4])
def test_the_deadline_never_cancels_who_consumes(pause: float) -> None:
    ended, cancelled = consuming(pause, 0.2)
    assert ended in ("TimedOut", "")
    assert not cancelled


def test_a_cancellation_from_outside_passes_through_as_one() -> None:
    async def main() -> None:
        came = asyncio.Event()

        async def silent(asked: Asked) -> None:
            came.set()
            await never(asked)

        async with serving(silent) as server:
            client = HttpClient(config(server.url), Vault(), Redactor())
            task = asyncio.create_task(client.get("/x"))
            await came.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.close()

    asyncio.run(main())


# Secrets

BEARER, PASSWORD = "s3cr3t-bearer-9f", "pa55-word-77"


def echoing(asked: Asked) -> Callable[[], None]:
    """A hostile or careless server that says the login back."""
    return asked.answer(asked.headers.get("authorization", "").encode(), "403 Forbidden")  # type: ignore[return-value]


@pytest.mark.parametrize(
    "auth", [{"bearer": "env:KEY"}, {"user": "ann", "password": "env:KEY"}, {"user": "env:USER", "password": "env:KEY"}]
)
@pytest.mark.parametrize("kind", ["echo", "hang", "reset", "nowhere"])
def test_secrets_are_in_no_error_and_no_log(auth: dict[str, str], kind: str, caplog: pytest.LogCaptureFixture) -> None:
    import base64

    secret = BEARER if "bearer" in auth else PASSWORD
    pair = base64.b64encode(f"ann:{secret}".encode()).decode()
    vault = Vault(KEY=secret, USER="ann")
    caplog.set_level(logging.DEBUG, "warroom")
    shown: list[str] = []

    async def main() -> None:
        answering: Answering = {"echo": echoing, "hang": never, "reset": broken, "nowhere": never}[kind]  # type: ignore[dict-item]
        async with serving(answering) as server:
            url = "http://127.0.0.1:1" if kind == "nowhere" else server.url
            client = HttpClient(config(url, timeout_s=0.3, auth=auth), vault, vault.redact)
            try:
                await client.get("/x")
            except BackendError as error:
                shown.extend([*traceback.format_exception(error), repr(error), error.what, error.next])
            await client.close()
            if kind == "echo":
                assert server.asked[0].headers["authorization"] in (f"Bearer {secret}", f"Basic {pair}")

    asyncio.run(main())
    text = "\n".join(shown) + caplog.text
    assert shown
    assert secret not in text
    assert pair not in text


def test_headers_are_resolved_anew_at_each_request() -> None:
    async def main() -> None:
        vault = Vault(KEY="first-key-1", TENANT="tenant-one")
        made = config("", auth={"bearer": "env:KEY"}, headers={"X-Tenant": "env:TENANT", "X-Plain": "as it is"})
        async with serving(lambda a: a.json(1)) as server:
            from msgspec.structs import replace

            client = HttpClient(replace(made, url=server.url + "/"), vault, vault.redact)
            await client.get("/x")
            vault.values.update(KEY="other-key-2", TENANT="tenant-two")
            await client.get("/x")
            await client.close()
            heads = [a.headers for a in server.asked]
            assert [h["authorization"] for h in heads] == ["Bearer first-key-1", "Bearer other-key-2"]
            assert [h["x-tenant"] for h in heads] == ["tenant-one", "tenant-two"]
            assert heads[0]["x-plain"] == "as it is"
            assert server.asked[0].path == "/x"

    asyncio.run(main())


@pytest.mark.parametrize("value", ["schlüssel-geheim", "two\nlines-of-it", "null\x00byte-key"])
def test_a_secret_that_no_header_can_carry_is_an_error_without_it(value: str) -> None:
    async def main() -> None:
        async with serving(lambda a: a.json(1)) as server:
            client = HttpClient(config(server.url, auth={"bearer": "env:KEY"}), lambda _r: Secret(value), Redactor())
            with pytest.raises(Unauthorised) as caught:
                await client.get("/x")
            await client.close()
            assert value not in "".join(traceback.format_exception(caught.value))
            assert value[:5] not in repr(caught.value.__context__)

    asyncio.run(main())


def test_a_secret_that_cannot_be_had_is_a_missing_login() -> None:
    def missing(_reference: str) -> Secret:
        raise ConfigError("the environment variable KEY is not set", next="export KEY, then start again")

    async def main() -> None:
        client = HttpClient(config("http://127.0.0.1:1", auth={"bearer": "env:KEY"}), missing, Redactor())
        with pytest.raises(Unauthorised, match="KEY is not set") as caught:
            await client.get("/x")
        assert caught.value.next == "export KEY, then start again"
        await client.close()

    asyncio.run(main())


def test_a_program_that_says_the_secret_does_not_hold_the_loop() -> None:
    import threading

    gate = threading.Event()

    def slow(_reference: str) -> Secret:
        assert gate.wait(HOPELESS)
        return Secret("slow-key-1")

    async def main() -> None:
        async with serving(lambda a: a.json(1)) as server:
            client = HttpClient(config(server.url, auth={"bearer": "cmd:vault read"}), slow, Redactor())
            task = asyncio.create_task(client.get("/x"))
            await asyncio.sleep(0)
            gate.set()  # reached only if the loop is free while the program runs
            assert json.loads(await task) == 1
            await client.close()

    asyncio.run(main())
