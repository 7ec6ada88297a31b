"""What one request goes through: the files of app/ whose code runs, how deep services call services, its statements."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

APP = Path(__file__).resolve().parents[2] / "app"


@dataclass
class Walk:
    """Files are named from app/ on. A level is a module of services that calls another one."""

    files: set[str] = field(default_factory=set)
    service_levels: int = 0
    is_on: bool = False

    def note(self, frame: FrameType, event: str, _arg: object) -> None:
        if not self.is_on or event != "call" or (file := _file_of(frame)) is None:
            return
        self.files.add(file)
        if file.startswith("services/"):
            self.service_levels = max(self.service_levels, _levels(frame))


def _file_of(frame: FrameType) -> str | None:
    name = frame.f_code.co_filename
    return name[len(str(APP)) + 1 :] if name.startswith(f"{APP}/") else None


def _levels(frame: FrameType | None) -> int:
    modules = set()
    while frame is not None:
        # What a frozen value says of itself is no level.
        if (file := _file_of(frame)) and file.startswith("services/") and "." not in frame.f_code.co_qualname:
            modules.add(file)
        frame = frame.f_back
    return len(modules)


@contextmanager
def walking() -> Iterator[Walk]:
    """Notes what runs while `is_on`, in the threads that are started inside too."""
    walk = Walk()
    before, before_of_threads = sys.getprofile(), threading.getprofile()
    sys.setprofile(walk.note)
    threading.setprofile(walk.note)
    try:
        yield walk
    finally:
        sys.setprofile(before)
        threading.setprofile(before_of_threads)
