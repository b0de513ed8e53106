from __future__ import annotations

import copy
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import secret as secret_module
from console.secret import MASK, Redactor, Secret


def test_a_secret_never_prints_itself() -> None:
    secret = Secret("hunter22")
    assert "hunter22" not in f"{secret} {secret!r}"
    assert secret.reveal() == "hunter22"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abcdefgh123", "abcdefgh123"),
        ("authorization=GenieKey 1234-5678", "1234-5678"),
        ('{"db_password": "s3cretvalue"}', "s3cretvalue"),
        ("API_KEY=abcd1234", "abcd1234"),
        ("postgres://app:topsecret@db/x", "topsecret"),
        ("key AKIAABCDEFGHIJKLMNOP used", "AKIAABCDEFGHIJKLMNOP"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("xoxb-123456789-abcdef", "xoxb-123456789-abcdef"),
    ],
)
def test_what_has_a_secrets_shape_is_masked(text: str, gone: str) -> None:
    out = Redactor().text(text)
    assert gone not in out
    assert MASK in out


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1:9090/graph", "orders-db pool exhausted on h4:9187", "tokens left: 5", "12:30:05 +01:00"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor().text(text) == text


@given(st.text(min_size=4, max_size=30), st.text(max_size=40), st.text(max_size=40))
def test_a_known_value_is_never_left(value: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.learn(Secret(value))
    assert value not in redactor.text(before + value + after).replace(MASK, "\x00")


def test_values_are_redacted_through_structures_and_by_name() -> None:
    redactor = Redactor()
    redactor.learn(Secret("hunter22"))
    out = redactor.value({"token": "x1", "list": ["a hunter22", 3, None], "deep": {"k": ("hunter22",)}})
    assert out == {"token": MASK, "list": [f"a {MASK}", 3, None], "deep": {"k": [MASK]}}


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("", "a"), ("", "a-"), ("", "password"), ("", "token."), ("", "a b"), ("", ":="), ("", "://x"),
        ("authorization:", " "), ("authorization", " "), ("Authorization: bearer", " "), ("password", " "),
        ("password=", "\n"), ("", "eyJ-"), ("", "eyJa."), ("", "bearer "), ("://a:", "b"), ("://", "a:"),
        ("-----BEGIN PRIVATE KEY-----", "-----END A "), ("-----BEGIN ", "PRIVATE KEY"), ("", '"a'),
    ],
)  # fmt: skip
def test_long_lines_take_linear_time(head: str, unit: str) -> None:
    redactor = Redactor()

    def took(size: int) -> float:
        text = head + unit * (size // len(unit))
        best = 9.0
        for _ in range(3):
            begin = time.process_time()
            redactor.text(text)
            best = min(best, time.process_time() - begin)
        return best

    # Eight times the text: 64 times the work where a repetition is tried again at every place.
    assert took(32_000) < 24 * took(4_000) + 0.005


def test_a_token_of_three_parts_is_masked_wherever_its_run_begins() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    for text in (token, f"x-{token}", f"at {token}, then", f"id={token}"):
        assert "eyJzdWIi" not in Redactor().text(text)
    assert Redactor().text("eyJhbGciOiJIUzI1NiJ9 alone") == "eyJhbGciOiJIUzI1NiJ9 alone"


def test_of_a_reference_that_gives_fresh_tokens_the_last_few_are_known() -> None:
    redactor = Redactor()
    for number in range(50):
        redactor.learn(Secret(f"token-value-{number}"), "cmd:login")
    redactor.learn(Secret("another-one"), "env:OTHER")
    assert redactor.text("x token-value-49 y") == f"x {MASK} y"
    assert redactor.text("x token-value-46 another-one") == f"x {MASK} {MASK}"
    assert redactor.text("x token-value-3 y") == "x token-value-3 y"


@pytest.mark.parametrize(
    "secret", ["password: hunter2-and-more", "http://ana:hunter2@db/x", "known-value-17", "a\nb-known"]
)
def test_a_long_text_is_redacted_as_a_short_one_wherever_its_pieces_end(secret: str) -> None:
    redact = Redactor()
    redact.learn(Secret("known-value-17"))
    redact.learn(Secret("a\nb-known"))
    for shift in range(len(secret) + 3):
        text = "x " * ((secret_module.PIECE - shift) // 2) + " " * (shift % 2) + secret + " tail\n" * 6000
        assert redact.long_text(text) == redact.text(text)


def test_a_private_key_is_taken_whole_out_of_a_long_text() -> None:
    body = "\n".join(["A" * 64] * 400)
    text = "x\n" * 8000 + f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n" + "y\n" * 9000
    assert Redactor().long_text(text) == "x\n" * 8000 + "[redacted]\n" + "y\n" * 9000


@given(st.text(alphabet="ab=:@/ \n", max_size=80), st.integers(1, 40))
def test_in_pieces_nothing_is_lost(text: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secret_module, "PIECE", piece)
        assert Redactor().long_text(text) == text


@pytest.mark.parametrize("text", ["password: known-value-17", '{"api_key": "known-value-17"}', "token=abcdefgh, next"])
def test_what_was_redacted_stays_as_it_is(text: str) -> None:
    redact = Redactor()
    redact.learn(Secret("known-value-17"))
    once = redact.text(text)
    assert once.count(MASK) == 1
    assert "]]" not in once
    assert redact.text(once) == once
    assert redact.text("password: [redacted]and-more") == "password: [redacted]"
