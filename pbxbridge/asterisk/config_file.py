"""A configuration file as Asterisk reads it: pure, no I/O.

Source: the AMI action GetConfig of Asterisk 22 (main/manager.c), and what a real one answered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pbxbridge.asterisk.ami_message import AmiResponse

Line = tuple[str, str]

_NOT_THERE = "Config file not found"
_CATEGORY = re.compile(r"Category-(\d+)")
_LINE = re.compile(r"Line-(\d+)-\d+")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Sections with their lines, includes and templates followed; an absent file has none.

    ``unreadable`` is Asterisk's own sentence when it would not or could not read the file.
    """

    sections: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    unreadable: str = ""

    def values(self, section: str, key: str) -> list[str]:
        """Return what a section says about ``key``, in the file's order."""
        return [value for name, value in self.sections.get(section, ()) if name == key]

    def merged(self, other: ConfigFile) -> ConfigFile:
        """Return the sections of both."""
        return ConfigFile({**self.sections, **other.sections}, self.unreadable or other.unreadable)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask for: sections of extensions.conf, iax.conf and musiconhold.conf, and modules."""

    contexts: Collection[str]
    friends: Collection[str]
    modules: Collection[str]
    music: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class AsteriskConfig:
    """The actions that our AMI user may perform, and Asterisk's files as far as they matter.

    ``loaded`` are those of the modules asked for that are in memory. One that did not start is in
    memory as well: whether it works, the actions tell that it brings. No value of manager.conf but
    ``read`` is kept, none of iax.conf, and of res_odbc.conf none that says who logs in: the others
    hold secrets.
    """

    actions: frozenset[str]
    loaded: frozenset[str]
    manager: ConfigFile
    extconfig: ConfigFile
    sqlite: ConfigFile
    sorcery: ConfigFile
    extensions: ConfigFile
    iax: ConfigFile
    odbc: ConfigFile = field(default_factory=ConfigFile)
    queues: ConfigFile = field(default_factory=ConfigFile)
    logger: ConfigFile = field(default_factory=ConfigFile)
    music: ConfigFile = field(default_factory=ConfigFile)


def config_file(answer: AmiResponse, keys: Collection[str] | None = None) -> ConfigFile:
    """Read the answer to a GetConfig; only lines with one of ``keys`` are kept, if given."""
    if not answer.success:
        return ConfigFile(unreadable="" if answer.message == _NOT_THERE else answer.message)
    names: dict[str, str] = {}
    sections: dict[str, list[Line]] = {}
    # A category comes before its lines. The same name may come twice: Asterisk reads on in it.
    for header, value in answer.headers.items():
        if category := _CATEGORY.fullmatch(header):
            names[category[1]] = value
            sections.setdefault(value, [])
        elif line := _LINE.fullmatch(header):
            key, _, said = value.partition("=")
            if keys is None or key in keys:
                sections[names[line[1]]].append((key, said))
    return ConfigFile({name: tuple(lines) for name, lines in sections.items()})
