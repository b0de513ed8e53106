"""Widgets draw in the look in use; every test starts from the same one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import pytest

from widgets import marks, palette, words


@pytest.fixture(autouse=True)
def _look() -> Iterator[None]:
    marks.use(False)
    palette.use(palette.WARROOM)
    words.use_zone(UTC)
    yield
    marks.use(False)
    palette.use(palette.WARROOM)
    words.use_zone(None)
