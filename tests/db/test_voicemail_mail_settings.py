"""How a box's mails are: what a save, a bulk edit and an import make of it alike."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.extension import Extension
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.rig.extensions import extensions_on
from tests.rig.transfer import file_of, import_rows, problems, transfer_on
from tests.web.forms import add

pytestmark = pytest.mark.usefixtures("_outside")

BOX = {"voicemail": True, "voicemail_pin": "4321"}
NO_LINKS = "Links need PBXBRIDGE_WEB__PUBLIC_URL. Set it, or attach the recording."


async def refusal(asked: Awaitable[Any]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


async def test_mails_cannot_begin_to_link_to_a_portal_without_an_address(
    bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    linked = BOX | {"voicemail_email": "a@x.de", "voicemail_audio": "link"}
    await add(extensions, admin, "1", **linked)
    await add(extensions, admin, "2", **BOX, voicemail_email="b@x.de")
    addressless, wrong = extensions_on(bus, can_link=False), {"voicemail_audio": NO_LINKS}
    assert await refusal(add(addressless, admin, "3", **linked)) == wrong
    assert await refusal(addressless.update(admin, "2", {"voicemail_audio": "link"})) == wrong
    asked = addressless.update_many(admin, ["1", "2"], {"voicemail_audio": "link"})
    assert await refusal(asked) == {"2: voicemail_audio": NO_LINKS}
    transfer = transfer_on(bus, can_link=False)
    plan = await transfer.plan(file_of(*({"number": n, "voicemail_audio": "link"} for n in "12")))
    assert problems(plan) == [(3, "voicemail_audio", NO_LINKS)]


async def test_where_mails_had_links_other_fields_can_still_be_changed(
    bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1", **BOX, voicemail_email="a@x.de", voicemail_audio="link")
    addressless = extensions_on(bus, can_link=False)
    await addressless.update(admin, "1", {"caller_id_name": "Ada", "voicemail_email": "b@x.de"})
    await addressless.update(admin, "1", {"voicemail_email": ""})
    wrong = await refusal(addressless.update(admin, "1", {"voicemail_email": "c@x.de"}))
    assert wrong == {"voicemail_audio": NO_LINKS}


async def test_messages_are_mailed_since_there_is_an_address_whichever_it_is(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1", **BOX)
    assert (await Extension.get(number="1")).mail_since is None
    await extensions.update(admin, "1", {"voicemail_email": "a@x.de"})
    since = (await Extension.get(number="1")).mail_since
    await extensions.update(admin, "1", {"voicemail_email": "b@x.de a@x.de"})
    await extensions.update_many(admin, ["1"], {"voicemail_email": "c@x.de"})
    assert since is not None
    assert (await Extension.get(number="1")).mail_since == since


async def test_an_empty_cell_keeps_a_choice_and_empties_the_rest(
    bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    choices = {"voicemail_audio": "mp3", "voicemail_after_sending": "delete"}
    rest = {"voicemail_language": "de", "voicemail_time_zone": "Europe/Berlin"}
    await add(extensions, admin, "1", **BOX, **choices, **rest, voicemail_email="a@x.de")
    row = {"number": "1", "voicemail_email": ""} | dict.fromkeys([*choices, *rest], "")
    await import_rows(transfer_on(bus), admin, row)
    view = await extensions.get("1")
    assert (view.voicemail_audio, view.voicemail_after_sending) == ("mp3", "delete")
    assert not view.voicemail_email + view.voicemail_language + view.voicemail_time_zone
