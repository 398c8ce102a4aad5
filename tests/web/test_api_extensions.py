"""Extensions by the API: every verb, what it answers, and what it refuses."""

from __future__ import annotations

import asyncio

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import WRITE_ONLY
from pbxbridge.services.extension_view import READ_ONLY
from pbxbridge.services.extensions import Extensions
from tests.db.people import audited
from tests.web.forms import add
from tests.web.programs import API, PROBLEM, Program, token_of
from tests.web.visitor import Client
from web.api.answers import Extension
from web.app import Portal

pytestmark = pytest.mark.usefixtures("_outside")

NEW = {"number": "1001", "caller_id_name": "Ada"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
async def program(client: Client, portal: Portal) -> Program:
    """What an administrator's program may do."""
    return Program(client, await token_of(portal.api_tokens))


async def test_a_created_extension_is_there_and_its_secret_was_shown(
    program: Program, extensions: Extensions, admin: Actor
) -> None:
    answer = await program.ask("POST", "/extensions", NEW | {"forward_busy": "1002"})
    assert answer.status == 201
    assert answer.headers["Location"] == f"{API}/extensions/1001"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    created = await answer.json()
    assert created.pop("secret") == await extensions.secret(admin, "1001")
    assert created == await program.told("GET", "/extensions/1001")
    assert created["forward_busy"] == "1002"
    [entry] = await audited("extension.created")
    assert (entry.actor, entry.address) == ("admin", "127.0.0.1")


async def test_the_answer_has_every_field_that_can_be_shown(program: Program) -> None:
    created = await program.told("POST", "/extensions", NEW, 201)
    view_fields = {*Extension.model_fields}
    assert set(created) == view_fields | {"secret"}
    assert not view_fields & set(WRITE_ONLY)
    assert view_fields >= READ_ONLY - {"waiting", "invitation", "agent"}


async def test_a_device_without_a_secret_is_shown_none(program: Program) -> None:
    virtual = NEW | {"device_type": "VIRTUAL", "forward_all": "1002"}
    created = await program.told("POST", "/extensions", virtual, 201)
    assert created["secret"] is None
    assert (
        "no secret" in (await program.told("GET", "/extensions/1001/secret", status=404))["detail"]
    )
    refused = await program.told("POST", "/extensions/1001/secret", status=422)
    assert refused["detail"] == "A VIRTUAL extension has no secret."
    assert await audited("extension.secret-read") == []


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        ({"number": 1001}, {"number": "This must be text."}),
        ({"voicemail": "yes"}, {"voicemail": "Say true or false."}),
        ({"registration_number": "2"}, {"registration_number": "Enter a whole number."}),
        ({"registration_number": 1.5}, {"registration_number": "Enter a whole number."}),
        ({"registration_number": True}, {"registration_number": "Enter a whole number."}),
        ({"users": "ada"}, {"users": "This must be a list."}),
        ({"dids": [1]}, {"dids": "This must be text."}),
        ({"users": ["a\0"]}, {"users": "A NUL character cannot be part of a text."}),
        ({"caller_id_name": None}, {"caller_id_name": "This must be text."}),
        ({"ring_time": "20"}, {"ring_time": "Enter a whole number."}),
        ({"device_type": "PHONE"}, {"device_type": "Choose one of the list."}),
        ({"mac": "x"}, {"mac": "Enter 12 hexadecimal digits, such as 00:04:f2:a1:b2:c3."}),
        # Even though a SIP device has no such channel, and there is no voicemail.
        (
            {"dahdi_channel": "x", "voicemail_pin": "12"},
            {
                "dahdi_channel": "Enter a channel from 1 to 9999, or a group such as g0 or r1.",
                "voicemail_pin": "Use 4 to 12 digits.",
            },
        ),
        ({"nonsense": 1, "ip": "x"}, dict.fromkeys(("nonsense", "ip"), "There is no such field.")),
    ],
)
async def test_each_wrong_field_has_its_sentence(
    program: Program, fields: dict[str, object], sentences: dict[str, str]
) -> None:
    problem = await program.told("POST", "/extensions", NEW | fields, 422)
    assert problem["errors"] == sentences
    assert (await program.told("GET", "/extensions"))["total"] == 0


async def test_required_fields_are_named(program: Program) -> None:
    problem = await program.told("POST", "/extensions", {}, 422)
    assert problem["errors"] == dict.fromkeys(
        ("number", "caller_id_name"), "This field is required."
    )


@pytest.mark.parametrize("name", sorted(READ_ONLY | {"status", "ip", "port", "user_agent"}))
async def test_what_is_read_only_is_refused_in_every_write(program: Program, name: str) -> None:
    await program.told("POST", "/extensions", NEW, 201)
    for method, path, body in (
        ("POST", "/extensions", NEW | {"number": "1002", name: "1"}),
        ("PUT", "/extensions/1001", NEW | {name: "1"}),
        ("PATCH", "/extensions/1001", {name: "1"}),
        ("PATCH", "/extensions/1001", {name: None}),
    ):
        problem = await program.told(method, path, body, 422)
        assert problem["errors"] == {name: "There is no such field."}


@pytest.mark.parametrize("headers", [None, MERGE_PATCH])
async def test_a_patch_changes_what_is_sent_and_null_is_the_default(
    program: Program, headers: dict[str, str] | None
) -> None:
    before = await program.told(
        "POST",
        "/extensions",
        NEW | {"ring_time": 30, "phone_make": "Snom", "users": ["admin"]},
        201,
    )
    patch = {"caller_id_name": "Grace", "ring_time": None, "users": None}
    answer = await program.ask("PATCH", "/extensions/1001", patch, headers=headers)
    del before["secret"]
    assert await answer.json() == before | {
        "caller_id_name": "Grace",
        "ring_time": None,
        "users": [],
        "version": 2,
    }
    assert answer.headers["ETag"] == '"2"'


async def test_what_is_required_cannot_be_removed(program: Program) -> None:
    await program.told("POST", "/extensions", NEW, 201)
    problem = await program.told("PATCH", "/extensions/1001", {"caller_id_name": None}, 422)
    assert problem["errors"] == {"caller_id_name": "This field is required."}
    problem = await program.told("PATCH", "/extensions/1001", {"number": "1002"}, 422)
    assert problem["errors"] == {"number": "The number of an extension cannot be changed."}


async def test_a_put_sets_back_what_is_not_sent_but_no_secret(
    program: Program, extensions: Extensions, admin: Actor
) -> None:
    full = NEW | {"voicemail": True, "voicemail_pin": "4711", "phone_make": "Snom"}
    created = await program.told("POST", "/extensions", full, 201)
    replaced = await program.told("PUT", "/extensions/1001", NEW | {"voicemail": True})
    assert replaced["phone_make"] == ""
    assert replaced["voicemail"]
    assert await extensions.secret(admin, "1001") == created["secret"]
    problem = await program.told("PUT", "/extensions/1001", {"number": "1001"}, 422)
    assert problem["errors"] == {"caller_id_name": "This field is required."}


async def test_deleting_lists_what_is_in_the_way_until_all_of_it_is_confirmed(
    program: Program,
) -> None:
    await program.told("POST", "/extensions", NEW | {"dids": ["5550100"]}, 201)
    other = {"number": "1002", "caller_id_name": "Grace", "forward_all": "1001"}
    await program.told("POST", "/extensions", other, 201)
    refused = await program.told("DELETE", "/extensions/1001", status=409)
    assert refused["usages"] == [
        {"key": "did:5550100", "sentence": "DID 5550100 rings 1001."},
        {"key": "forward:1002", "sentence": "Extension 1002 forwards calls to 1001."},
    ]
    await program.told("DELETE", "/extensions/1001?confirm=did:5550100", status=409)
    confirmed = "&".join(f"confirm={usage['key']}" for usage in refused["usages"])
    assert (await program.ask("DELETE", f"/extensions/1001?{confirmed}")).status == 204
    await program.told("GET", "/extensions/1001", status=404)
    assert (await program.told("GET", "/extensions/1002"))["forward_all"] == ""


async def test_the_secret_is_read_and_replaced_and_both_are_audited(program: Program) -> None:
    created = await program.told("POST", "/extensions", NEW, 201)
    answer = await program.ask("GET", "/extensions/1001/secret")
    assert await answer.json() == {"number": "1001", "secret": created["secret"]}
    assert answer.headers["Cache-Control"] == "no-store"
    answer = await program.ask("POST", "/extensions/1001/secret")
    new = (await answer.json())["secret"]
    assert new != created["secret"]
    assert answer.headers["ETag"] == '"2"'
    assert (await program.told("GET", "/extensions/1001/secret"))["secret"] == new
    assert (await program.ask("HEAD", "/extensions/1001/secret")).status == 405
    assert len(await audited("extension.secret-read")) == 2
    assert len(await audited("extension.secret-regenerated")) == 1


async def test_the_auth_override_is_part_of_the_secret(program: Program) -> None:
    override = {"auth_username": "desk", "auth_secret": "long-enough"}
    created = await program.told("POST", "/extensions", NEW | override, 201)
    assert "auth_secret" not in created
    secret = await program.told("GET", "/extensions/1001/secret")
    assert secret == {"number": "1001", "secret": created["secret"]} | override


async def test_a_bulk_change_is_made_to_all_or_none(
    program: Program, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002", ring_time=30)
    wanted = {"numbers": ["1001", "1002"], "changes": {"ring_time": None, "phone_make": "Snom"}}
    changed = await program.told("PATCH", "/extensions", wanted)
    assert [(one["number"], one["ring_time"], one["phone_make"]) for one in changed["items"]] == [
        ("1001", None, "Snom"),
        ("1002", None, "Snom"),
    ]
    wanted = {"numbers": ["1001", "1002"], "changes": {"forward_all": "1002"}}
    problem = await program.told("PATCH", "/extensions", wanted, 422)
    assert problem["errors"] == {"1002: forward_all": "An extension cannot be forwarded to itself."}
    assert (await program.told("GET", "/extensions/1001"))["forward_all"] == ""


@pytest.mark.parametrize(
    ("wanted", "errors"),
    [
        ({}, dict.fromkeys(("numbers", "changes"), "This field is required.")),
        ({"numbers": [], "changes": {}}, {"numbers": "Give 1 to 500 numbers."}),
        ({"numbers": ["9"], "changes": {}}, {"numbers": "There is no extension 9."}),
        ({"numbers": ["9"], "changes": []}, {"changes": "This must be an object."}),
        ({"numbers": ["9"], "changes": {"number": "1"}}, {"number": "There is no such field."}),
        ({"numbers": ["9"], "changes": {"ip": "x"}}, {"ip": "There is no such field."}),
    ],
)
async def test_a_wrong_bulk_change_is_refused(
    program: Program, wanted: object, errors: dict[str, str]
) -> None:
    problem = await program.told("PATCH", "/extensions", wanted, 422)
    assert problem["errors"] == errors


async def test_the_licence_holds_when_programs_create_at_once(
    program: Program, portal: Portal
) -> None:
    # Unlimited in this portal: what counts here is that every create was counted.
    numbers = [str(number) for number in range(1001, 1009)]
    await asyncio.gather(
        *(program.told("POST", "/extensions", NEW | {"number": number}, 201) for number in numbers)
    )
    assert (await program.told("GET", "/licences")) == {"used": len(numbers), "total": None}


async def test_what_is_not_there_is_a_problem(program: Program) -> None:
    for method, path, body in (
        ("GET", "/extensions/1009", None),
        ("PUT", "/extensions/1009", NEW | {"number": "1009"}),
        ("PATCH", "/extensions/1009", {}),
        ("DELETE", "/extensions/1009", None),
        ("GET", "/extensions/1009/state", None),
        ("GET", "/extensions/1009/secret", None),
        ("POST", "/extensions/1009/secret", None),
    ):
        answer = await program.ask(method, path, body)
        assert answer.status == 404, (method, path)
        assert answer.content_type == PROBLEM
        assert (await answer.json(content_type=PROBLEM))["detail"] == "There is no extension 1009."
