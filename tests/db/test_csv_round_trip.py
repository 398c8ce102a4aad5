"""What is exported can be imported: as nothing to do where it came from, whole where it is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialplan.extension_row import VOICEMAIL
from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database
from pbxbridge.models.extension import DeviceType, Did, Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.people import User
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_view import ExtensionView, fields_of
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.transfer.plan import Action
from tests.rig.calling import open_the_outside
from tests.rig.extensions import delete_knowingly
from tests.rig.transfer import exported, import_rows, transfer_on

pytestmark = pytest.mark.usefixtures("_outside")

USERS = ("alice", "bob")
# Free text, with what spreadsheets and CSV make much of.
TEXT = st.one_of(
    st.sampled_from(["=1+1", "+", "-2", "@x", "'=x", "''", '"', "a;b,c", "ä ö", "€", "yes"]),
    st.text(st.characters(exclude_categories=("Cc", "Cs"))).filter(str.isprintable),
).map(lambda text: text.strip()[:20])
NAMES = TEXT.map(lambda text: "".join(c for c in text if c not in '"<>\\')).filter(bool)
OUTSIDE = st.from_regex(r"\+?[0-9]{1,10}", fullmatch=True)
GROUPS = TEXT.map(lambda text: "".join(c for c in text if c not in ",;^"))
NUMBERS = st.from_regex(r"[0-9]{1,6}", fullmatch=True)


@st.composite
def extensions_of_a_site(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return extensions that may be there together."""
    numbers = draw(st.lists(NUMBERS, min_size=1, max_size=4, unique=True))
    dids = draw(st.lists(OUTSIDE, max_size=4, unique=True))
    return [
        _extension(draw, numbers, place, dids[place :: len(numbers)])
        for place, number in enumerate(numbers)
    ]


def _extension(draw: st.DrawFn, numbers: list[str], place: int, dids: list[str]) -> dict[str, Any]:
    number = numbers[place]
    # Those before it only: forwards must not lead in circles.
    inside = st.sampled_from(["", *numbers[:place]])
    target = st.one_of(inside, st.just(VOICEMAIL), OUTSIDE.filter(lambda n: n not in numbers))
    return {
        "number": number,
        "device_type": draw(st.sampled_from(["SIP", "IAX2", "DAHDI", "VIRTUAL"])),
        "caller_id_name": draw(NAMES),
        "users": draw(st.lists(st.sampled_from(USERS), unique=True)),
        "voicemail": True,
        "voicemail_pin": "48151",
        "voicemail_email": draw(st.sampled_from(["", "+x@pbx.local", "a@x.de, +b@x.de"])),
        "voicemail_audio": draw(st.sampled_from(["wav", "mp3", "link"])),
        "voicemail_after_sending": draw(st.sampled_from(["keep", "heard"])),
        "voicemail_language": draw(st.sampled_from(["", "en", "de"])),
        "voicemail_time_zone": draw(st.sampled_from(["", "Etc/GMT+5", "Europe/Berlin"])),
        "dids": dids,
        "twinning_number": draw(st.one_of(st.just(""), OUTSIDE).filter(lambda n: n != number)),
        "phone_make": draw(TEXT),
        "phone_model": draw(TEXT),
        "mac": f"{place + 1:012x}",
        "registration_number": draw(st.integers(1, 99)),
        "external_caller_id": draw(st.one_of(st.just(""), OUTSIDE)),
        "forward_all": draw(target),
        "forward_busy": draw(target),
        "do_not_disturb": draw(st.booleans()),
        "ring_time": draw(st.one_of(st.none(), st.integers(5, 300))),
        "phone_group": draw(GROUPS),
        "monitored": draw(st.booleans()),
        "auth_username": draw(st.sampled_from(["", "+user", "-x.y"])),
        "auth_secret": "",
        "dahdi_channel": str(place + 1),
    }


async def _add_users() -> None:
    for login in USERS:
        await User.create(login=login, password_hash="")


async def _empty(extensions: Extensions, admin: Actor) -> None:
    for number in await extensions.monitored():
        await delete_knowingly(extensions, admin, number)
    await AsteriskNotice.all().delete()
    assert await Extension.all().count() == await Did.all().count() == 0


async def _views(extensions: Extensions) -> list[ExtensionView]:
    return (await extensions.page(per_page=100)).items


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(site=extensions_of_a_site())
async def test_an_export_re_imports_to_nothing_to_do(
    extensions: Extensions, bus: EventBus, admin: Actor, site: list[dict[str, Any]]
) -> None:
    if not await User.filter(login="alice").exists():
        await _add_users()
    await _empty(extensions, admin)
    for values in site:
        secret = {"auth_secret": "a-secret-of-its-own"} if values["auth_username"] else {}
        await extensions.create(admin, parse_extension({**values, **secret}))
    before = await _views(extensions)
    transfer = transfer_on(bus)
    plan = await transfer.plan(await exported(transfer))
    assert not plan.errors
    assert plan.counts == {Action.NOTHING: len(site)}
    await transfer.apply(admin, plan)
    assert await _views(extensions) == before


async def test_an_export_makes_the_same_extensions_elsewhere(
    extensions: Extensions, bus: EventBus, admin: Actor, elsewhere: str
) -> None:
    """Only PINs and the secrets of an override must be added: they are in no export."""
    await _add_users()
    hostile = {"caller_id_name": "=cmd|' /C calc'!A0", "phone_group": "-1 'x", "phone_make": "@"}
    every: list[dict[str, Any]] = [
        {
            "number": "0100",
            **hostile,
            "users": list(USERS),
            "dids": ["+491", "+492"],
            "mac": "1" * 12,
        },
        {
            "number": "0101",
            "caller_id_name": "B",
            "device_type": "SIP-VIRTUAL",
            "mac": "1" * 12,
            "registration_number": 2,
            "forward_all": "+4930",
        },
        {"number": "a5", "caller_id_name": "C", "device_type": "VIRTUAL", "forward_all": "0100"},
        {"number": "7", "caller_id_name": "D", "device_type": "DAHDI", "dahdi_channel": "g0"},
        {"number": "8", "caller_id_name": "E", "device_type": "IAX2", "ring_time": 30},
    ]
    for values in every:
        await extensions.create(admin, parse_extension(values))
    before = [fields_of(view) for view in await _views(extensions)]
    assert len({view["device_type"] for view in before}) == len(DeviceType)
    file = await exported(transfer_on(bus))
    async with open_database(elsewhere):
        await _add_users()
        await open_the_outside()
        transfer = transfer_on(bus)
        plan = await transfer.plan(file)
        assert not plan.errors
        await transfer.apply(admin, plan)
        assert [fields_of(view) for view in await _views(extensions)] == before


async def test_an_export_holds_no_secret(
    extensions: Extensions, bus: EventBus, admin: Actor
) -> None:
    given = {"secret": "my-own-secret", "auth_username": "x", "auth_secret": "my-other-secret"}
    row = {"number": "1", "caller_id_name": "A", "voicemail": "yes", "voicemail_pin": "481516"}
    transfer = transfer_on(bus)
    await import_rows(transfer, admin, {**row, **given})
    file = (await exported(transfer)).decode()
    assert not [secret for secret in ("my-own", "my-other", "481516") if secret in file]
