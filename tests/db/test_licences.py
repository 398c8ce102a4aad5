"""The licence: counted in the service, whoever asks and however many at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import count_licences
from tests.rig.extensions import delete_knowingly, extensions_on


@pytest.fixture
def limited(bus: EventBus, database: str) -> Extensions:
    return extensions_on(bus, licences=3)


async def make(extensions: Extensions, admin: Actor, number: str, **fields: Any) -> None:
    values = {"number": number, "caller_id_name": "X", **fields}
    await extensions.create(admin, parse_extension(values))


async def test_creates_at_the_same_moment_do_not_pass_the_limit_together(
    limited: Extensions, admin: Actor
) -> None:
    results = await asyncio.gather(
        *(make(limited, admin, str(number)) for number in range(10)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Invalid)]
    assert len(refused) == 7
    assert refused[0].fields["device_type"].startswith("All 3 licences are in use.")
    assert (await limited.licences()).used == 3


async def test_virtual_extensions_need_no_licence(limited: Extensions, admin: Actor) -> None:
    for number in ("1", "2", "3"):
        await make(limited, admin, number, mac=f"0004f200000{number}")
    await make(limited, admin, "4", device_type="VIRTUAL", forward_all="1")
    await make(
        limited,
        admin,
        "5",
        device_type="SIP-VIRTUAL",
        mac="0004f2000001",
        registration_number=2,
    )
    assert ((await limited.licences()).used, (await limited.licences()).total) == (3, 3)


@pytest.mark.usefixtures("_outside")
async def test_a_deletion_and_a_change_of_type_give_their_licence_back(
    limited: Extensions, admin: Actor
) -> None:
    for number in ("1", "2", "3"):
        await make(limited, admin, number)
    await delete_knowingly(limited, admin, "1")
    await limited.update(admin, "2", {"device_type": "VIRTUAL", "forward_all": "9"})
    assert (await limited.licences()).used == 1
    await make(limited, admin, "4")
    await make(limited, admin, "5", device_type="IAX2")
    with pytest.raises(Invalid):
        await limited.update(admin, "2", {"device_type": "DAHDI", "dahdi_channel": "1"})
    assert (await limited.get("2")).device_type == "VIRTUAL"


async def test_a_refused_create_uses_no_licence(limited: Extensions, admin: Actor) -> None:
    with pytest.raises(Invalid):
        await make(limited, admin, "1", users=["nobody"])
    assert (await limited.licences()).used == 0


async def test_a_start_counts_what_is_there(limited: Extensions, admin: Actor) -> None:
    await make(limited, admin, "1")
    await count_licences()
    assert (await limited.licences()).used == 1
