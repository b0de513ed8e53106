"""What a body that is read whole is made into, here or in a decoder process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from console.adapters.alert_forms import UNREADABLE
from console.errors import BadAnswer
from console.text import clean

T = TypeVar("T")

Body = bytes | bytearray


@dataclass(frozen=True)
class Reader(Generic[T]):
    """Makes a list of model objects of a body; raises BadAnswer or Rejected."""

    name: str
    read: Callable[[Body, str], list[T]]
    """The body and the source's name."""
    item: type[T]


def decoded(body: Body | msgspec.Raw, form: Any, what: str, next: str) -> Any:
    """The body in its form; anything else is a bad answer of ``what``."""
    try:
        return msgspec.json.decode(body, type=form)
    except UNREADABLE as error:
        raise BadAnswer(f"{what}: {clean(str(error), 200)}", next=next) from None
