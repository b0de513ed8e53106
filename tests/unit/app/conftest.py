"""The look is set back after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from widgets import marks, palette, words


@pytest.fixture(autouse=True)
def _look(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    yield
    marks.use(False)
    palette.use(palette.WARROOM)
    words.use_zone(None)
