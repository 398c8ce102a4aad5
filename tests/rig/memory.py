"""A folder in memory, for what is written and thrown away a thousand times."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
# Containers often have 64 MB.
ENOUGH = 1 << 30
PREFIX = "pbxbridge-tests-"


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Give a folder that is gone after the block; on disk where there is little memory.

    What runs left that were killed goes, too.
    """
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    place = MEMORY if is_there and shutil.disk_usage(MEMORY).free > ENOUGH else None
    for left in Path(place or tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        if not Path("/proc", left.name.removeprefix(PREFIX).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=place) as folder:
        yield Path(folder)
