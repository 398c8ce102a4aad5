"""Lines of extensions.conf that lie in the database (static realtime, table ``ast_config``).

The file that extensions.conf includes is named classes_of_service.conf after most of what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

FILENAME = "classes_of_service.conf"

# What any value of a line may consist of: nothing that pbx_config or a variable's evaluation reads
# a meaning into, besides what this package puts there itself.
_HARMLESS = re.compile(r"[A-Za-z0-9_@/*#+.&-]*")


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One row of ``ast_config``; ``var_metric`` is its place in the category, from 0."""

    filename: str
    category: str
    var_metric: int
    var_name: str
    var_val: str


def category(context: str, settings: Iterable[tuple[str, str]]) -> tuple[ConfigLine, ...]:
    """Return a context with its settings in order."""
    return tuple(
        ConfigLine(FILENAME, context, place, name, value)
        for place, (name, value) in enumerate(settings)
    )


def exten(pattern: str, app: str, *arguments: str) -> tuple[str, str]:
    """Return the setting of a single step: ``exten => <pattern>,1,<app>(<arguments>)``.

    Raises ValueError if an argument could mean anything to the dialplan's evaluation.
    """
    return "exten", f"{pattern},1,{app}({','.join(harmless(*arguments))})"


def gosub(pattern: str, subroutine: str, *arguments: str) -> tuple[str, str]:
    """Return the setting of a step that calls a subroutine of extensions.conf.

    Raises ValueError if an argument could mean anything to the dialplan's evaluation.
    """
    return "exten", f"{pattern},1,Gosub({call_of(subroutine, *arguments)})"


def call_of(subroutine: str, *arguments: str) -> str:
    """Return what Gosub() is told to call a subroutine: ``sub-route,s,1(a,b)``.

    What is empty at the end of the arguments need not be said. Raises ValueError if one could mean
    anything to the dialplan's evaluation.
    """
    return f"{subroutine},s,1({','.join(harmless(*arguments)).rstrip(',')})"


def harmless(*arguments: str) -> tuple[str, ...]:
    """Return the arguments. Raises ValueError if one could mean anything to evaluation.

    Asterisk substitutes ${...} and splits at commas (pbx.c, pbx_extension_helper).
    """
    if not _HARMLESS.fullmatch("".join(arguments)):
        raise ValueError(f"not fit for dialplan arguments: {arguments!r}")
    return arguments
