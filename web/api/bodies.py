"""JSON bodies: read, and checked field by field.

The rules of a field are those of the model that the forms use too. That model is generous, for a
form knows nothing but text; a program that sends text for a number is told so. The types come
from the model's own JSON schema, which is also what the API's document shows. And where the model
passes over a field that makes no sense beside another, a program is told what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from pbxbridge.errors import Invalid

JSON = "application/json"
# RFC 7396.
MERGE_PATCH = "application/merge-patch+json"

REQUIRED = "This field is required."
UNKNOWN = "There is no such field."

_SENTENCES = {
    "string": "This must be text.",
    "integer": "Enter a whole number.",
    "boolean": "Say true or false.",
    "array": "This must be a list.",
    "object": "This must be an object.",
}


class Body:
    """What an operation takes: an object with fields of ``model``, whole or as a merge patch."""

    def __init__(self, model: type[BaseModel], *, is_patch: bool = False) -> None:
        self.model = model
        self.is_patch = is_patch
        self._schema = model.model_json_schema()
        self._rules: Mapping[str, TypeAdapter[Any]] = {
            name: TypeAdapter(field.rebuild_annotation())
            for name, field in model.model_fields.items()
        }

    @property
    def media_types(self) -> tuple[str, ...]:
        """The content types that are taken, the preferred one first."""
        return (MERGE_PATCH, JSON) if self.is_patch else (JSON,)

    async def read(self, request: web.Request) -> dict[str, Any]:
        """Return the fields that were sent; of a merge patch see ``changes``.

        Raises Invalid, and HTTPException for what is no JSON object.
        """
        values = await _read_object(request, self.media_types)
        return self.changes(values) if self.is_patch else self.typed(values)

    def typed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values if each is right by itself. Raises Invalid."""
        wrong = {name: why for name, value in values.items() if (why := self._wrong(name, value))}
        if wrong:
            raise Invalid(wrong)
        return dict(values)

    def changes(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a merge patch changes: a field that is null goes back to its default.

        Raises Invalid.
        """
        removed = {name for name, value in values.items() if value is None and self._has(name)}
        required = removed & set(self._schema.get("required", ()))
        given = {name: value for name, value in values.items() if name not in removed}
        wrong = dict.fromkeys(sorted(required), REQUIRED)
        try:
            given = self.typed(given)
        except Invalid as invalid:
            wrong |= invalid.fields
        if wrong:
            raise Invalid(wrong)
        fields = self.model.model_fields
        return given | {
            name: fields[name].get_default(call_default_factory=True) for name in removed
        }

    def _has(self, name: str) -> bool:
        return name in self._schema["properties"]

    def _wrong(self, name: str, value: object) -> str:
        if not self._has(name):
            return UNKNOWN
        if why := _type_problem(value, self._schema["properties"][name], self._schema):
            return why
        try:
            self._rules[name].validate_python(value)
        except ValidationError as error:
            return error.errors(include_url=False, include_input=False)[0]["msg"]
        return ""


async def _read_object(request: web.Request, media_types: tuple[str, ...]) -> dict[str, Any]:
    if request.content_type not in media_types:
        # RFC 9110, section 12.5.1, and RFC 5789, section 3.1.
        name = "Accept-Patch" if request.method == hdrs.METH_PATCH else hdrs.ACCEPT
        raise web.HTTPUnsupportedMediaType(
            text=f"Send {' or '.join(media_types)}.", headers={name: ", ".join(media_types)}
        )
    try:
        # Takes neither lone surrogates nor NaN, both of which the database would choke on.
        value = from_json(await request.read(), allow_inf_nan=False)
    except ValueError:
        raise web.HTTPBadRequest(text="The body is not JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text="The body must be a JSON object.")
    return value


def _type_problem(value: object, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """Return a sentence if the value has none of the schema's types, else nothing."""
    choices = [_resolved(one, whole) for one in schema.get("anyOf", [schema])]
    kind = _kind_of(value)
    found = [one for one in choices if one.get("type") == kind]
    if not found:
        return _SENTENCES[choices[0]["type"]]
    if value not in found[0].get("enum", [value]):
        return "Choose one of the list."
    if isinstance(value, str) and "\0" in value:
        return "A NUL character cannot be part of a text."  # PostgreSQL takes none
    if isinstance(value, list):
        items = found[0].get("items", {})
        return next((why for one in value if (why := _type_problem(one, items, whole))), "")
    return ""


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    if reference := schema.get("$ref"):
        resolved: Mapping[str, Any] = whole["$defs"][reference.rpartition("/")[2]]
        return resolved
    return schema


def _kind_of(value: object) -> str:
    """Return the JSON type; a number without a fraction is an integer, as in JSON Schema."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    return {str: "string", float: "number", list: "array", dict: "object"}.get(type(value), "null")
