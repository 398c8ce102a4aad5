"""The makes of phones: built-in ones, and an administrator's own before them.

What is wrong with a make of one's own never keeps the bridge from running: it is left out, and the
log and ``pbxbridge check`` say why (docs/phone-makes.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import structlog

from pbxbridge.own_files import Problem
from pbxbridge.phones.make import Make, read_make

BUILT_IN = Path(__file__).parent / "makes"
# Of phones whose make is not known, since every phone can.
ALGORITHMS = ("MD5",)

log = structlog.get_logger(__name__)


class Makes:
    """The makes as they were when this was made, in the order of their names."""

    def __init__(self, own: Path | None = None) -> None:
        """``own`` has a folder for each make of one's own; it replaces a built-in one so named."""
        found, problems = own_makes(own) if own else ({}, [])
        for problem in problems:
            log.error(
                "phones.make_refused",
                file=problem.file,
                line=problem.line,
                reason=problem.reason,
            )
        makes = {**_built_in(), **found}.values()
        self._makes = tuple(sorted(makes, key=lambda make: make.name.casefold()))
        names = {_key(name): make for make in self._makes for name in make.also}
        self._by_name = {**names, **{_key(make.name): make for make in self._makes}}

    def __iter__(self) -> Iterator[Make]:
        """Return the makes, by name."""
        return iter(self._makes)

    def find(self, name: str) -> Make | None:
        """Return the make of that name, however it is written; None if there is none."""
        return self._by_name.get(_key(name))

    def is_softphone(self, name: str) -> bool:
        """Whether a make of that name is a softphone, which a person sets up."""
        make = self.find(name)
        return make is not None and make.softphone

    def algorithms(self, name: str) -> tuple[str, ...]:
        """Return the digests that phones of that make can do."""
        make = self.find(name)
        return make.algorithms if make else ALGORITHMS


def own_makes(own: Path) -> tuple[dict[str, Make], list[Problem]]:
    """Return the makes of one's own by folder, and what is wrong with others."""
    if not (own.is_dir() and os.access(own, os.R_OK | os.X_OK)):
        return {}, [Problem(str(own), 0, "is not a folder that can be read")]
    makes, problems = _read(own)
    others = {_key(make.name): folder for folder, make in _built_in().items()}
    for folder, make in list(makes.items()):
        other = others.setdefault(_key(make.name), folder)
        if other != folder:
            reason = f"{make.name} is the make of the folder {other}"
            problems.append(Problem(str(own / folder), 0, reason))
            del makes[folder]
    return makes, problems


@cache
def _built_in() -> dict[str, Make]:
    makes, problems = _read(BUILT_IN)
    for problem in problems:  # no fault of whoever runs it
        raise problem
    return makes


def _read(parent: Path) -> tuple[dict[str, Make], list[Problem]]:
    makes, problems = {}, []
    for folder in sorted(parent.iterdir()):
        if folder.is_dir() and not folder.name.startswith((".", "_")):
            try:
                makes[folder.name] = read_make(folder)
            except Problem as problem:
                problems.append(problem)
    return makes, problems


@cache
def _without_own() -> Makes:
    return Makes()


def spelled_make(name: str) -> str:
    """Return a built-in make's name as the list spells it; what is none's stays as it is."""
    make = _without_own().find(name)
    return make.name if make and _key(make.name) == _key(name) else name


def _key(name: str) -> str:
    return "".join(name.split()).casefold()
