"""A class of service as lines of a configuration file in static realtime (table ``ast_config``)."""

from dataclasses import dataclass

FILENAME = "classes_of_service.conf"


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One row of ``ast_config``; ``var_metric`` is its place in the category, from 0."""

    filename: str
    category: str
    var_metric: int
    var_name: str
    var_val: str


def context_of(name: str) -> str:
    """Return the dialplan context of a class of service."""
    return f"cos-{name}"


def class_of_service_lines(name: str) -> tuple[ConfigLine, ...]:
    """Return the lines that make the context of a class of service.

    What the context includes is searched in this order: feature codes, then extensions.
    Source: https://docs.asterisk.org/Configuration/Dialplan/Contexts-Extensions-and-Priorities/
    """
    includes = ("features", "extensions")
    return tuple(
        ConfigLine(FILENAME, context_of(name), place, "include", context)
        for place, context in enumerate(includes)
    )
