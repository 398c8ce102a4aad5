"""An Asterisk whose configuration a hasty administrator has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rig.asterisk import AsteriskInstance

# A file, what stands there and what was made of it.
Edit = tuple[str, str, str]


def commented(name: str, line: str) -> Edit:
    """Comment a line out by its beginning."""
    return (name, f"\n{line}", f"\n;{line}")


@contextmanager
def edited(asterisk: AsteriskInstance, *edits: Edit) -> Iterator[None]:
    """Have configuration files changed for the length of the block; nothing is reloaded."""
    before: dict[Path, str] = {}
    for name, old, new in edits:
        path = asterisk.folder / "etc" / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        before.setdefault(path, text)
        path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


async def restart_as_it_is(asterisk: AsteriskInstance) -> None:
    """Restart with the files as they are edited, which a plain restart() would write anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterisk, "render", lambda: None)
        await asterisk.restart()
