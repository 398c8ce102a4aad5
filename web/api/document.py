"""The OpenAPI 3.1 document of the API, made from the table of operations and the models.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.user_input import UserInput
from web.api.answers import Problem
from web.api.bodies import Body
from web.api.extensions import BulkChange
from web.api.fields import BULK, EXTENSION, PATH_PARAMETERS, USER, Note
from web.api.operation import PREFIX, Answer, Operation
from web.api.problems import MEDIA_TYPE

Json = dict[str, Any]

VERSION = "1.0.0"

INTRODUCTION = """\
The PBX for programs: what the portal's screens do, by the same rules.

Send an API token with each request: `Authorization: Bearer pbx_...`. You make tokens in your \
profile. A token may do what your role may, and at most what its scope says: `read` or `write`.

Bodies are JSON, at most 64 kB. Unknown fields and unknown query parameters are refused. Failures \
are problem documents (RFC 9457), whose `errors` have a sentence for each field.

A single extension or user comes with an `ETag`. Send it back as `If-Match` with a change, and \
the change is refused with 412 if somebody else was faster.
"""
NOTES: Mapping[type[BaseModel], Mapping[str, Note]] = {
    ExtensionInput: EXTENSION,
    UserInput: USER,
    BulkChange: BULK,
}
HEADERS: Mapping[str, tuple[str, str]] = {
    "ETag": ("string", "The version, for If-Match and If-None-Match."),
    "Location": ("string", "The address of what was created."),
    "Link": ("string", "The first, previous, next and last page (RFC 8288)."),
    "X-Total-Count": ("integer", "How many items all pages have."),
}
CONDITIONS: Mapping[str, str] = {
    "If-Match": "The ETag of the version that this changes; 412 if it is not the present one.",
    "If-None-Match": "The ETag of the version that you have; 304 if it is still the present one.",
}


def make_document(operations: Iterable[Operation[Any]]) -> Json:
    """Return the document of these operations."""
    listed = list(operations)
    paths: Json = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "pbxbridge", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": PREFIX}],
        "tags": [{"name": name} for name in dict.fromkeys(one.tag for one in listed)],
        "paths": paths,
        "components": {
            "schemas": _schemas(listed),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation[Any]) -> Json:
    shown: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        # OpenAPI 3.1 takes names of scopes for every kind of security scheme.
        "security": [{"token": [operation.needed_scope.value]}],
        "x-roles": [role.value for role in operation.roles],
        "responses": {
            **{str(status): _success(answer) for status, answer in operation.answers.items()},
            **{str(status): _failure(status) for status in sorted(_refusals(operation))},
            "5XX": {"description": "A failure of the bridge.", "content": _content(Problem)},
        },
    }
    if operation.description:
        shown["description"] = operation.description
    if parameters := [*_path(operation), *_query(operation), *_condition(operation)]:
        shown["parameters"] = parameters
    if operation.body:
        shown["requestBody"] = _request_body(operation.body)
    return shown


def _request_body(body: Body) -> Json:
    schema = _reference(_name(body))
    content = {media_type: {"schema": schema} for media_type in body.media_types}
    return {"required": True, "content": content}


def _refusals(operation: Operation[Any]) -> set[int]:
    found = {401, 403, *operation.refusals}
    if "{" in operation.path:
        found.add(404)
    # Unknown query parameters are refused, whether there are known ones or not.
    found.add(422)
    if operation.body:
        found |= {400, 413, 415}
    if operation.conditional == "If-Match":
        found.add(412)
    return found


def _success(answer: Answer) -> Json:
    shown: Json = {"description": answer.description}
    if answer.model:
        shown["content"] = {"application/json": {"schema": _reference(answer.model.__name__)}}
    if answer.headers:
        shown["headers"] = {
            name: {"description": HEADERS[name][1], "schema": {"type": HEADERS[name][0]}}
            for name in answer.headers
        }
    return shown


def _failure(status: int) -> Json:
    return {"description": HTTPStatus(status).phrase, "content": _content(Problem)}


def _content(model: type[BaseModel]) -> Json:
    return {MEDIA_TYPE: {"schema": _reference(model.__name__)}}


def _path(operation: Operation[Any]) -> list[Json]:
    names = re.findall(r"{(\w+)}", operation.path)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_PARAMETERS[name].text,
            "schema": dict(PATH_PARAMETERS[name].rule) or {"type": "string", "minLength": 1},
            "example": PATH_PARAMETERS[name].example,
        }
        for name in names
    ]


def _query(operation: Operation[Any]) -> list[Json]:
    schema = operation.query.model_json_schema(ref_template="#/components/schemas/{model}")
    shown = []
    for name, field in schema.get("properties", {}).items():
        own = _given(_plain(field))
        description = own.pop("description", "")
        parameter = {"name": name, "in": "query", "description": description, "schema": own}
        if own.get("type") == "array":
            parameter |= {"style": "form", "explode": True}
        shown.append(parameter)
    return shown


def _given(schema: Json) -> Json:
    """Return the schema of a parameter where it is given: one left out is not null."""
    own = {name: value for name, value in schema.items() if value is not None}
    present = [one for one in own.pop("anyOf", []) if one.get("type") != "null"]
    return own | present[0] if present else own


def _condition(operation: Operation[Any]) -> list[Json]:
    name = operation.conditional
    if not name:
        return []
    description = CONDITIONS[name]
    return [
        {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
    ]


def _schemas(operations: Iterable[Operation[Any]]) -> Json:
    bodies = [operation.body for operation in operations if operation.body]
    models: dict[type[BaseModel], JsonSchemaMode] = {Problem: "serialization"}
    models |= dict.fromkeys((body.model for body in bodies), "validation")
    for operation in operations:
        shown = [answer.model for answer in operation.answers.values() if answer.model]
        models |= dict.fromkeys(shown, "serialization")
        models |= dict.fromkeys([operation.query], "validation")
    _, generated = models_json_schema(
        list(models.items()), ref_template="#/components/schemas/{model}"
    )
    schemas: Json = {name: _plain(schema) for name, schema in generated["$defs"].items()}
    for body in bodies:
        _annotate(schemas[body.model.__name__], NOTES[body.model])
    for body in bodies:
        if body.is_patch:
            schemas[_name(body)] = _as_patch(schemas[body.model.__name__])
    bulk = _as_patch(schemas[ExtensionInput.__name__])
    del bulk["properties"]["number"]
    schemas["ExtensionBulkPatch"] = bulk
    note = BULK["changes"]
    schemas[BulkChange.__name__]["properties"]["changes"] = {
        **_reference("ExtensionBulkPatch"),
        "description": note.text,
        "examples": [note.example],
    }
    queries = {operation.query.__name__ for operation in operations}
    return {name: schema for name, schema in sorted(schemas.items()) if name not in queries}


def _name(body: Body) -> str:
    name = body.model.__name__
    return name.removesuffix("Input") + "Patch" if body.is_patch else name


def _annotate(schema: Json, notes: Mapping[str, Note]) -> None:
    for name, note in notes.items():
        own = schema["properties"][name]
        own["description"] = note.text
        if note.example is not None:
            own["examples"] = [note.example]
        if note.write_only:
            own["writeOnly"] = True
        _ruled(own).update(note.rule)


def _ruled(schema: Json) -> Json:
    """Return the part of a field's schema that rules of its values belong to."""
    ruled: Json = schema["anyOf"][0] if "anyOf" in schema else schema.get("items", schema)
    return ruled


def _as_patch(schema: Json) -> Json:
    """Return what a merge patch of such an object looks like."""
    patch = deepcopy(schema)
    required = patch.pop("required", [])
    patch["description"] = "The fields to change; null sets a field back to its default."
    for name, own in patch["properties"].items():
        own.pop("default", None)
        if name in required or "anyOf" in own:
            continue
        if "type" in own:
            own["type"] = [own["type"], "null"]
        else:
            own["anyOf"] = [{"$ref": own.pop("$ref")}, {"type": "null"}]
    return patch


def _plain(schema: Json) -> Json:
    """Return the schema without the titles that pydantic derives from names."""
    plain = {name: value for name, value in schema.items() if name != "title"}
    if "properties" in plain:
        plain["properties"] = {name: _plain(own) for name, own in plain["properties"].items()}
    if "description" in plain:
        plain["description"] = plain["description"].replace("``", "`")
    return plain


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
