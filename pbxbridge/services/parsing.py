"""From what was typed to a checked model: pydantic's findings as one sentence per field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from pbxbridge.errors import Invalid

M = TypeVar("M", bound=BaseModel)

_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "literal_error": "Choose one of the list.",
    "enum": "Choose one of the list.",
    "string_type": "This must be text.",
    "list_type": "This must be a list.",
    "bool_type": "Say yes or no.",
    "bool_parsing": "Say yes or no.",
    "int_type": "Enter a whole number.",
    "int_parsing": "Enter a whole number.",
    "int_from_float": "Enter a whole number.",
}


def problem(sentence: str) -> PydanticCustomError:
    """Return what a validator raises to have ``sentence`` shown beside its field."""
    return PydanticCustomError("rule", "{sentence}", {"sentence": sentence})


def parse(model: type[M], values: Mapping[str, object]) -> M:
    """Check typed values. Raises Invalid with one sentence for each field."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        fields = _sentences(error)
    # Outside of the handler: pydantic's error quotes the values, and secrets may be among them.
    raise Invalid(fields)


def _sentences(error: ValidationError) -> dict[str, str]:
    fields: dict[str, str] = {}
    for found in error.errors(include_url=False, include_input=False):
        name = str(found["loc"][0]) if found["loc"] else ""
        fields.setdefault(name, _SENTENCES.get(found["type"], found["msg"]))
    return fields


def _listed(value: object) -> object:
    if isinstance(value, str):
        return [part for part in re.split(r"[\s,;]+", value) if part]
    return value


def _no_doubles(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


# Blanks at the ends of what was typed mean nothing.
strip = StringConstraints(strip_whitespace=True)
# A form's one text is a list: blanks, commas and semicolons separate.
split = BeforeValidator(_listed)
no_doubles = AfterValidator(_no_doubles)
