"""Deleting an extension: nothing that uses it is broken unknowingly, and nothing of it is left."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise import Tortoise

from pbxbridge.events import EventBus
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import User
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_removal import Outside
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.services.usages import InUse
from tests.rig.extensions import delete_knowingly

pytestmark = [pytest.mark.usefixtures("_outside"), pytest.mark.alembic]

MAC = "0004f2a1b2c3"
# What stays by intention: the record of what was done, and what Asterisk is yet to be told.
KEPT = {"portal_audit", "portal_asterisk_notices"}


async def make(extensions: Extensions, admin: Actor, number: str, **fields: Any) -> None:
    values = {"number": number, "caller_id_name": f"Person {number}", **fields}
    await extensions.create(admin, parse_extension(values))


async def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table but those that are kept, without the counters of ids."""
    found = {}
    for app in ("portal", "realtime"):
        for model in Tortoise.apps[app].values():
            if model._meta.db_table not in KEPT:
                # The version of a user counts changes of the extensions, too.
                unsteady = (*UNSTEADY, "version") if model is User else UNSTEADY
                rows = [
                    {name: value for name, value in row.items() if name not in unsteady}
                    for row in await model.all().values()
                ]
                found[model._meta.db_table] = sorted(rows, key=str)
    links = await User.filter(extensions__id__gt=0).values("login", "extensions__number")
    return {**found, "links": links}


UNSTEADY = ("id", "extension_id", "uniqueid", "created_at", "updated_at", "mail_since")


@pytest.fixture
def told(bus: EventBus, database: str) -> Extensions:
    """A service that knows of a registered phone and two unheard messages."""

    async def outside(numbers: Collection[str]) -> Outside:
        return Outside({"1001"} & set(numbers), {"1001": 2})

    return Extensions(bus, SiteDefaults(60, 20), Licences(None), outside)


async def test_the_deletion_names_everything_that_uses_the_extension(
    told: Extensions, admin: Actor
) -> None:
    await make(
        told,
        admin,
        "1001",
        voicemail=True,
        voicemail_pin="4321",
        dids="4930100",
        phone_group="Sales",
        mac=MAC,
    )
    await make(told, admin, "1002", forward_busy="1001", twinning_number="1001")
    await make(told, admin, "1003", device_type="SIP-VIRTUAL", mac=MAC, registration_number=2)
    await make(told, admin, "1004", forward_all="1003")
    usages = {usage.key: usage.sentence for usage in await told.usage("1001")}
    assert usages == {
        "sip-virtual:1003": "SIP-VIRTUAL extension 1003 is on its device.",
        "device:1001": "A device is registered as 1001.",
        "mailbox:1001": "Voicemail box 1001 has 2 unheard messages.",
        "did:4930100": "DID 4930100 rings 1001.",
        "phone-group:1001": "1001 is a member of phone group Sales.",
        "forward:1002": "Extension 1002 forwards calls to 1001.",
        "twin:1002": "Extension 1002 rings 1001 too.",
        "forward:1004": "Extension 1004 forwards calls to 1003.",
    }


async def test_without_a_tick_on_each_usage_nothing_is_deleted(
    told: Extensions, admin: Actor
) -> None:
    await make(told, admin, "1001", dids="4930100", voicemail=True, voicemail_pin="4321")
    keys = [usage.key for usage in await told.usage("1001")]
    before = await everything()
    for missing in keys:
        with pytest.raises(InUse) as refused:
            await told.delete(admin, "1001", [key for key in keys if key != missing])
        assert [usage.key for usage in refused.value.usages] == keys
    assert await everything() == before


async def test_a_usage_that_came_after_the_dialog_was_shown_stops_the_deletion(
    told: Extensions, admin: Actor
) -> None:
    await make(told, admin, "1002")
    await make(told, admin, "1003", forward_all="1002")
    known = [usage.key for usage in await told.usage("1002")]
    await make(told, admin, "1004", twinning_number="1002")
    with pytest.raises(InUse):
        await told.delete(admin, "1002", known)


async def test_what_pointed_at_it_points_nowhere_and_its_virtuals_go_too(
    told: Extensions, admin: Actor
) -> None:
    await make(told, admin, "1001", mac=MAC)
    await make(told, admin, "1002", forward_busy="1001", twinning_number="1001", forward_all="9")
    await make(told, admin, "1003", device_type="SIP-VIRTUAL", mac=MAC, registration_number=2)
    await make(told, admin, "1004", device_type="VIRTUAL", forward_all="1001")
    await delete_knowingly(told, admin, "1001")
    assert sorted(await told.monitored()) == ["1002", "1004"]
    other = await told.get("1002")
    assert (other.forward_busy, other.twinning_number, other.forward_all) == ("", "", "9")
    assert (await told.get("1004")).forward_all == ""


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "voicemail": st.just(True),
        "dids": st.sampled_from([["1"], ["2", "3"]]),
        "users": st.just(["alice"]),
        "forward_all": st.just("1002"),
        "phone_group": st.just("Sales"),
        "mac": st.just(MAC),
        "do_not_disturb": st.just(True),
        "device_type": st.sampled_from(["SIP", "IAX2", "VIRTUAL"]),
        "auth_username": st.just("someone"),
    },
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=FIELDS, second=FIELDS)
async def test_a_later_extension_of_the_same_number_inherits_nothing(
    extensions: Extensions, admin: Actor, first: dict[str, Any], second: dict[str, Any]
) -> None:
    first, second = _completed(first), _completed(second)
    await User.get_or_create({"password_hash": ""}, login="alice")
    if "1001" in await extensions.monitored():  # an example before this one failed
        await _gone(extensions, admin)
    empty = await everything()
    await make(extensions, admin, "1001", **second)
    alone = await everything()
    await _gone(extensions, admin)
    assert await everything() == empty
    await make(extensions, admin, "1001", **first)
    await _gone(extensions, admin)
    await make(extensions, admin, "1001", **second)
    assert await everything() == alone
    await _gone(extensions, admin)


def _completed(fields: dict[str, Any]) -> dict[str, Any]:
    """Add what these fields cannot be without."""
    secrets = {"voicemail_pin": "4321", "secret": "x" * 24}
    if "auth_username" in fields:
        secrets["auth_secret"] = "s3cret-s3cret"
    box = {"voicemail": True} if fields.get("device_type") == "VIRTUAL" else {}
    return {**fields, **secrets, **box}


async def _gone(extensions: Extensions, admin: Actor) -> None:
    await delete_knowingly(extensions, admin, "1001")
    # As the outbox does once Asterisk was told.
    await AsteriskNotice.all().delete()
