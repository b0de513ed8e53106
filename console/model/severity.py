"""Severity: five steps from SEV1 (critical) to SEV5 (info), lower number is worse."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How bad an alert, group or incident is."""

    SEV1 = 1
    SEV2 = 2
    SEV3 = 3
    SEV4 = 4
    SEV5 = 5

    @property
    def word(self) -> str:
        """``critical``, ``high``, ``medium``, ``low`` or ``info``."""
        return _WORDS[self - 1]

    @property
    def label(self) -> str:
        """What a list shows: ``SEV1`` … ``SEV3``, then ``low`` and ``info``."""
        return _LABELS[self - 1]


_WORDS = ("critical", "high", "medium", "low", "info")
_LABELS = ("SEV1", "SEV2", "SEV3", "low", "info")
