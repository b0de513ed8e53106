"""Every test of a screen starts from the same look, whatever terminal it is run in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from widgets import marks, palette, words


@pytest.fixture(autouse=True)
def _look(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield
    marks.use(False)
    palette.use(palette.WARROOM)
    words.use_zone(None)
