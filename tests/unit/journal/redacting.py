"""A child that redacts an entry and dies by ``kill -9`` at a step: ``redacting.py FOLDER ENTRY STEP``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from console.journal import redaction
from console.journal.disk import Disk
from console.journal.frame import BLANK
from console.journal.places import places
from console.model.bodies import body_from
from console.model.entry import Draft, Kind
from console.model.redacted import redaction as body_of
from tests.unit.journal.support import lane_in, write

STEPS = ("before", "mark", "half mark", "told", "half", "overwritten", "finished")


class Dying(Disk):
    """Dies in the middle of what it writes."""

    def __init__(self, step: str) -> None:
        self.step = step

    def write(self, fd: int, data: bytes) -> int:
        if self.step == "half mark":
            super().write(fd, data[: len(data) // 2])
            die()
        return super().write(fd, data)

    def overwrite(self, fd: int, data: bytes, offset: int) -> None:
        if self.step == "half":
            super().overwrite(fd, BLANK * (len(data) // 2), offset)
            die()
        super().overwrite(fd, data, offset)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, name: str, step: str) -> None:
    def until(here: str) -> None:
        if step == here:
            die()

    disk, where = Dying(step), places(folder)
    lane = lane_in(folder)
    until("before")
    target = redaction.find(where, "INC-0001", name, disk)
    mark = redaction.mark(where, target, disk)
    until("mark")
    body = body_of(target.entry, basis="", approver="ana", reason="leaked")
    write(lane, Draft(Kind.ENTRY_REDACTED, body_from(body)))
    until("told")
    redaction.overwrite(where, mark, disk)
    until("overwritten")
    redaction.finish(mark, disk)
    until("finished")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
