"""The API's document, for programs and, as a page, for people."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from web.access import signed_in
from web.api.document import Json
from web.api.operation import PREFIX
from web.render import page
from web.requests import API_DOCS

DOCUMENT = f"{PREFIX}/openapi.json"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class FieldView:
    """A parameter or a field as a line of the page."""

    name: str
    kind: str
    required: bool
    description: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation as the page shows it."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    roles: str
    scope: str
    parameters: list[FieldView]
    body: list[FieldView]
    answers: list[tuple[str, str, str]]
    curl: str


def routes(document: Json) -> list[web.RouteDef]:
    """Return what serves the document."""
    views = {tag["name"]: list(_views(document, tag["name"])) for tag in document["tags"]}
    schemas = {
        name: (schema.get("description", ""), _fields(document, schema))
        for name, schema in document["components"]["schemas"].items()
        if schema.get("properties")
    }

    @signed_in
    async def show_document(_: web.Request) -> web.StreamResponse:
        return web.json_response(document)

    # For whoever may make a token. It says nothing about this site, so it hides nothing.
    @signed_in
    async def show_docs(request: web.Request) -> web.StreamResponse:
        return await page(
            request,
            "api/docs.html",
            introduction=document["info"]["description"].strip().split("\n\n"),
            tags=views,
            schemas=schemas,
            document=DOCUMENT,
        )

    return [web.get(DOCUMENT, show_document), web.get(API_DOCS, show_docs)]


def _views(document: Json, tag: str) -> Iterator[OperationView]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag not in operation["tags"]:
                continue
            yield OperationView(
                name=operation["operationId"],
                method=method.upper(),
                path=PREFIX + path,
                summary=operation["summary"],
                description=operation.get("description", ""),
                roles=", ".join(operation["x-roles"]),
                scope=operation["security"][0]["token"][0],
                parameters=[_parameter(document, one) for one in operation.get("parameters", [])],
                body=_fields(document, _body_schema(document, operation)),
                answers=list(_answers(operation)),
                curl=_curl(document, method.upper(), path, operation),
            )


def _parameter(document: Json, parameter: Json) -> FieldView:
    schema = parameter["schema"]
    name = parameter["name"]
    return FieldView(
        name=f"{{{name}}}" if parameter["in"] == "path" else name,
        kind=_kind(document, schema),
        required=parameter.get("required", False),
        description=parameter["description"],
        default=_default(schema),
    )


def _fields(document: Json, schema: Json) -> list[FieldView]:
    required = schema.get("required", ())
    return [
        FieldView(
            name=name,
            kind=_kind(document, own),
            required=name in required,
            description=own.get("description", ""),
            default=_default(own),
        )
        for name, own in schema.get("properties", {}).items()
    ]


def _answers(operation: Json) -> Iterator[tuple[str, str, str]]:
    for status, response in operation["responses"].items():
        content: Json = next(iter(response.get("content", {}).values()), {})
        model = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        yield status, response["description"], model


def _curl(document: Json, method: str, path: str, operation: Json) -> str:
    for parameter in operation.get("parameters", []):
        path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", "")))
    words = ["curl", "-H", '"Authorization: Bearer $TOKEN"']
    if method != "GET":
        words += ["-X", method]
    if schema := _body_schema(document, operation):
        media_type = next(iter(operation["requestBody"]["content"]))
        example = json.dumps(_example(document, schema))
        words += ["-H", f"'Content-Type: {media_type}'", "-d", shlex.quote(example)]
    return " ".join([*words, f'"$PORTAL{PREFIX}{path}"'])


def _example(document: Json, schema: Json) -> Json:
    """Return a small body: what is required, or else one field."""
    fields = schema["properties"]
    required = schema.get("required") or ["ring_time" if "ring_time" in fields else "name"]
    return {name: _resolved(document, fields[name])["examples"][0] for name in required}


def _body_schema(document: Json, operation: Json) -> Json:
    content: Json = next(iter(operation.get("requestBody", {}).get("content", {}).values()), {})
    return _resolved(document, content.get("schema", {}))


def _resolved(document: Json, schema: Json) -> Json:
    if reference := schema.get("$ref"):
        found: Json = document["components"]["schemas"][reference.rpartition("/")[2]]
        return found | {name: value for name, value in schema.items() if name != "$ref"}
    return schema


def _kind(document: Json, schema: Json) -> str:
    schema = _resolved(document, schema)
    if options := schema.get("anyOf"):
        return " or ".join(_kind(document, one) for one in options)
    if choices := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return " | ".join(choices)
    kind: Any = schema.get("type", "")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_kind(document, schema['items'])}"
    if "maximum" in schema:
        return f"{kind}, {schema['minimum']} to {schema['maximum']}"
    return str(kind)


def _default(schema: Json) -> str:
    default = schema.get("default")
    return "" if default in (None, "", []) else json.dumps(default)
