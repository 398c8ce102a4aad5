"""The document says what the routes do, and its page can be read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbxbridge.errors import Invalid
from pbxbridge.services.extension_input import ExtensionInput, parse_extension
from pbxbridge.services.extension_view import READ_ONLY, ExtensionView
from pbxbridge.services.people import Role
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import UserView
from tests.web.conftest import Prepared
from tests.web.programs import API
from tests.web.visitor import Client, Visitor
from web.access import access_of
from web.api.answers import Extension, User
from web.api.document import NOTES, make_document
from web.api.fields import EXTENSION
from web.api.operation import PREFIX
from web.api.operations import OPERATIONS

MINIMAL = {"number": "1", "caller_id_name": "A"}
DOCUMENT = make_document(OPERATIONS)
SCHEMA = DOCUMENT["components"]["schemas"]["ExtensionInput"]


def test_the_routes_are_those_of_the_document(client: Client) -> None:
    served = {
        (route.method, route.resource.canonical.removeprefix(PREFIX)): access_of(route)
        for route in client.app.router.routes()
        if route.resource
        and route.resource.canonical.startswith(PREFIX)
        and route.method != "HEAD"
        and not route.resource.canonical.endswith(("/docs", "/openapi.json"))
    }
    told = {
        (method.upper(), path): {Role(role) for role in operation["x-roles"]}
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert {route: set(access.roles) for route, access in served.items() if access} == told


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names))


def test_every_field_that_can_be_sent_is_explained() -> None:
    for model, notes in NOTES.items():
        assert set(notes) == set(model.model_fields)


def test_an_answer_has_all_that_the_services_show() -> None:
    # What waits for Asterisk is part of the state: it changes without a new version.
    assert set(Extension.model_fields) == set(ExtensionView.__slots__) - {
        "waiting",
        "invitation",
        "agent",
    }
    assert set(User.model_fields) == set(UserView.__slots__)


def test_what_is_read_only_cannot_be_sent() -> None:
    for name in ("ExtensionInput", "ExtensionPatch", "ExtensionBulkPatch"):
        schema = DOCUMENT["components"]["schemas"][name]
        assert schema["additionalProperties"] is False
        assert not set(schema["properties"]) & READ_ONLY


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    references = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert references <= set(schemas)


@pytest.mark.parametrize("name", [name for name, note in EXTENSION.items() if note.rule])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_keeps_to_a_told_rule_is_accepted(name: str, data: st.DataObject) -> None:
    rule = EXTENSION[name].rule
    value: Any
    if pattern := rule.get("pattern"):
        value = data.draw(st.from_regex(str(pattern), fullmatch=True).filter(str.isascii))
        value = value.removesuffix("\n")  # `$` of Python's, not of JSON Schema's
    elif choices := rule.get("enum"):
        value = data.draw(st.sampled_from(choices))
    elif "maximum" in rule:
        value = data.draw(st.integers(rule["minimum"], rule["maximum"]))
    else:
        letters = st.characters(categories=["Lu", "Ll", "Nd"])
        least, most = rule.get("minLength", 0), rule["maxLength"]
        value = data.draw(st.text(letters, min_size=least, max_size=most))
    if isinstance(ExtensionInput.model_fields[name].get_default(), list):
        value = [value]
    try:
        parse_extension(MINIMAL | {name: value})
    except Invalid as invalid:
        # Rules about two fields at once are not the field's own.
        assert invalid.fields.get(name, "") in {
            "",
            "The PIN must not be the extension's own number.",
            "An extension cannot be forwarded to itself.",
            "An extension cannot be its own twin.",
            "This name has a meaning of its own. Choose another.",
            "No extension can have this name.",
        }


def test_the_examples_are_right() -> None:
    example = {name: note.example for name, note in EXTENSION.items() if note.example is not None}
    parse_extension(example)
    user = DOCUMENT["components"]["schemas"]["UserInput"]["properties"]
    UserInput.model_validate({name: own["examples"][0] for name, own in user.items()})


async def test_the_page_lists_every_operation_with_an_example(visitor: Visitor) -> None:
    text = await (await visitor.get(f"{API}/docs")).text()
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in text
    assert "curl" in text
    anchors = set(re.findall(r'href="#([^"]+)"', text)) - {"content"}
    assert anchors <= set(re.findall(r'id="([^"]+)"', text))


async def test_the_page_is_behind_sign_in_and_leads_back(stranger: Visitor) -> None:
    answer = await stranger.get(f"{API}/docs")
    assert answer.status == 303
    assert answer.headers["Location"] == "/sign-in?next=/api/v1/docs"


@pytest.mark.parametrize("role", Role)
async def test_whoever_may_make_a_token_may_read_what_it_is_for(
    client: Client, prepared: Prepared, role: Role
) -> None:
    visitor = Visitor(client, prepared.tokens[role])
    for path in (f"{API}/docs", f"{API}/openapi.json"):
        assert (await visitor.get(path)).status == 200
