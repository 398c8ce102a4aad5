"""A change changes what it names; what was read and is sent back changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.services.actor import Actor
from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_input import (
    DEFAULTS,
    VOICEMAIL_FIELDS,
    WITHOUT,
    WRITE_ONLY,
)
from pbxbridge.services.extension_view import READ_ONLY
from pbxbridge.services.extensions import Extensions
from tests.rig.extensions import delete_knowingly
from tests.web.forms import add
from tests.web.programs import Program, token_of
from tests.web.visitor import Client
from web.app import Portal

pytestmark = pytest.mark.usefixtures("_outside")

ONE = "/extensions/1001"
# The database is one test's own; each example begins by removing what the last one left.
EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

_text = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=40)
_outside = st.from_regex(r"(\+?[0-9]{1,20})?", fullmatch=True)
_target = st.sampled_from(["", "1002", "+15550100", "front"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "device_type": st.sampled_from([kind.value for kind in DeviceType]),
    "caller_id_name": st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,20}", fullmatch=True),
    "users": st.lists(st.sampled_from(["admin", "operator", "user"]), unique=True),
    "voicemail": st.booleans(),
    "voicemail_pin": st.sampled_from(["4711", "081508"]),
    "voicemail_email": st.sampled_from(["", "ada@pbx.local", "ada@pbx.local, desk@pbx.local"]),
    "voicemail_audio": st.sampled_from(["wav", "mp3", "link"]),
    "voicemail_after_sending": st.sampled_from(["keep", "heard", "delete"]),
    "voicemail_language": st.sampled_from(["", "en", "de"]),
    "voicemail_time_zone": st.sampled_from(["", "Europe/Berlin"]),
    "dids": st.lists(st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True), unique=True, max_size=3),
    "twinning_number": _outside,
    "phone_make": _text,
    "phone_model": _text,
    "mac": st.from_regex(r"([0-9a-f]{12})?", fullmatch=True),
    "registration_number": st.integers(1, 99),
    "external_caller_id": _outside,
    "emergency_caller_id": _outside,
    "forward_all": _target,
    "forward_busy": _target,
    "forward_no_answer": _target,
    "forward_unregistered": _target,
    "do_not_disturb": st.booleans(),
    "ring_time": st.none() | st.integers(5, 300),
    "phone_group": _text,
    "agent_logins": st.booleans(),
    "monitored": st.booleans(),
    "dahdi_channel": st.sampled_from(["", "7", "g0"]),
}
EXTENSIONS = st.fixed_dictionaries(FIELDS)
# null, too, which is the default.
PATCHES = st.fixed_dictionaries(
    {}, optional={name: values | st.none() for name, values in FIELDS.items()}
)


@pytest.fixture
async def program(client: Client, portal: Portal) -> Program:
    return Program(client, await token_of(portal.api_tokens))


async def fresh(program: Program, extensions: Extensions, admin: Actor, fields: Any) -> Any:
    """Make 1001 anew with these fields and return it as it is read; None if a rule is broken."""
    for number in await extensions.monitored():
        await delete_knowingly(extensions, admin, number)
    # As the outbox does: a number can be used again once Asterisk was told.
    await AsteriskNotice.all().delete()
    await add(extensions, admin, "1002")
    answer = await program.ask("POST", "/extensions", {"number": "1001"} | fields)
    if answer.status == 422:
        return None
    assert answer.status == 201
    return await program.told("GET", ONE)


@EXAMPLES
@given(fields=EXTENSIONS, patch=PATCHES)
async def test_a_patch_leaves_every_other_field_as_it_was(
    program: Program,
    extensions: Extensions,
    admin: Actor,
    fields: dict[str, Any],
    patch: dict[str, Any],
) -> None:
    before = await fresh(program, extensions, admin, fields)
    assume(before is not None)
    answer = await program.ask("PATCH", ONE, patch)
    after = await program.told("GET", ONE)
    if answer.status == 422:
        assert after == before
        return
    assert await answer.json() == after
    # What another type of device, or one without voicemail, does not have is back at its default.
    gone = set(WITHOUT[after["device_type"]])
    if not after["voicemail"]:
        gone |= VOICEMAIL_FIELDS
    for name in before.keys() - READ_ONLY:
        wanted = patch.get(name, before[name])
        if name in gone or (name in patch and wanted is None):
            wanted = DEFAULTS[name]
        shown = sorted(wanted) if isinstance(wanted, list) else wanted
        assert after[name] == shown, name
    assert (after["version"] > before["version"]) or after == before


@EXAMPLES
@given(fields=EXTENSIONS)
async def test_putting_back_what_was_read_changes_nothing(
    program: Program, extensions: Extensions, admin: Actor, fields: dict[str, Any]
) -> None:
    before = await fresh(program, extensions, admin, fields)
    assume(before is not None)
    whole = {name: value for name, value in before.items() if name not in READ_ONLY}
    secret = await extensions.secret(admin, "1001")
    assert await program.told("PUT", ONE, whole) == before
    assert await program.told("PATCH", ONE, whole) == before
    assert await program.told("PATCH", ONE, {}) == before
    assert await extensions.secret(admin, "1001") == secret


def test_the_strategies_know_every_field() -> None:
    """But those that a client cannot read back, and the override that needs such a one."""
    apart = {"number", "class_of_service", "auth_username", *WRITE_ONLY} - {"voicemail_pin"}
    assert set(FIELDS) == set(DEFAULTS) - apart
