"""Waiting that cannot be cut: what was begun is seen to its end, and the cancellation told afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def firm(work: Awaitable[T]) -> T:
    """The result of ``work``, which runs to its end even if the waiter is cancelled meanwhile.

    The waiter's ``CancelledError`` is raised once the work is done; an error of the work comes before it, so that
    a write that failed is never taken for one that was only not waited for.
    """
    task = asyncio.ensure_future(work)
    cut: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cut = error
    result = task.result()
    if cut is not None:
        raise cut
    return result
