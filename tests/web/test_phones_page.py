"""The Phones screen, the dialog of a phone, and the same in the tools of an extension."""

from __future__ import annotations

import html
import re

import pytest

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.phone import DeskPhone
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.desk_phones import PUBLIC_URL
from tests.web.browser.screen import registered
from tests.web.forms import add, typed
from tests.web.visitor import Visitor

MAC, SHOWN = "0004f2a1b2c3", "00:04:f2:a1:b2:c3"


@pytest.fixture(autouse=True)
async def _phones(extensions: Extensions, admin: Actor, mirror: EagerMirror) -> None:
    yealink = {"phone_make": "Yealink", "phone_model": "SIP-T46U"}
    await add(extensions, admin, "1001", mac=MAC, **yealink)
    virtual = {"device_type": "SIP-VIRTUAL", "registration_number": 2}
    await add(extensions, admin, "1002", mac=MAC, **virtual)
    await add(extensions, admin, "1003", mac="0004f2ffffff", phone_make="Fanvil")
    await add(extensions, admin, "1004")
    await mirror.track_all(await extensions.monitored())
    mirror.link_up()


async def text_of(visitor: Visitor, path: str, *, htmx: bool = False) -> str:
    answer = await visitor.get(path, htmx=htmx)
    assert answer.status == 200
    return await answer.text()


def address_in(page: str) -> str:
    found = re.search(r">([^<]*/provision/[^<]*)</textarea>", page)
    return html.unescape(found[1]) if found else ""


async def test_the_list_has_each_phone_with_its_extensions(visitor: Visitor) -> None:
    page = await text_of(visitor, "/phones")
    for shown in (SHOWN, "Yealink", "SIP-T46U", "Desk 1001", "Desk 1002", "Fanvil", "2 phones"):
        assert shown in page
    assert page.count('data-action="tools"') == 2
    assert "Desk 1004" not in page
    assert "Fanvil" not in await text_of(visitor, "/phones?search=00:04:f2:a1")
    assert "No phone has" in await text_of(visitor, "/phones?search=nobody")


async def test_an_operator_looks_and_does_nothing(operator: Visitor, person: Visitor) -> None:
    page = await text_of(operator, "/phones")
    assert SHOWN in page
    assert 'data-action="tools"' not in page
    assert (await operator.get(f"/phones/{MAC}")).status == 403
    assert (await operator.post(f"/phones/{MAC}/address")).status == 403
    assert (await person.get("/phones")).status == 403


@pytest.mark.parametrize("action", [f"/phones/{MAC}", "/extensions/1002/phone"])
async def test_a_new_address_is_shown_this_once(visitor: Visitor, action: str) -> None:
    made = await visitor.post(f"{action}/address", htmx=True)
    page = await made.text()
    address = address_in(page)
    assert address.startswith(f"{PUBLIC_URL}/provision/")
    assert "Auto Provision" in page
    assert f"The phone fetches {MAC}.cfg there." in page
    again = await text_of(
        visitor, action.removesuffix("/phone") + ("/tools" if "ext" in action else "")
    )
    assert "Remove address" in again
    assert address not in again
    assert address_in(again) == ""
    assert address.rpartition("/")[2] not in await text_of(visitor, "/audit")
    removed = await (await visitor.post(f"{action}/address/remove", htmx=True)).text()
    assert "is removed" in removed
    assert "Remove address" not in removed
    assert (await visitor.post(f"{action}/address/remove", htmx=True)).status == 404
    assert (await DeskPhone.get(mac=MAC)).token_hash == ""


async def test_what_stands_in_the_way_is_said(visitor: Visitor, mirror: EagerMirror) -> None:
    unknown = await visitor.post("/phones/0004f2ffffff/address")
    assert unknown.status == 422
    assert "Fanvil is not in the list" in await unknown.text()
    away = await visitor.post(f"/phones/{MAC}/resync")
    assert away.status == 409
    assert "The phone is not registered" in await away.text()
    registered(mirror, "1002")
    silent = await visitor.post(f"/phones/{MAC}/resync")
    assert silent.status == 503
    assert "The phone was not told. Not connected to Asterisk yet." in await silent.text()
    assert not await AuditEntry.filter(action__startswith="phone.").exists()
    assert (await visitor.get("/phones/0004f2000000")).status == 404
    assert (await visitor.post("/extensions/1004/phone/address")).status == 404


async def test_what_is_new_on_a_phone_may_be_fetched_by_it(visitor: Visitor) -> None:
    mac = {"mac": "0004f2a1b2ff", "registration_number": "1"}
    made = await visitor.post("/extensions", typed("1005", **mac), htmx=True)
    assert '<a href="/phones?search=0004f2a1b2ff">Phones</a>' in await made.text()
    made = await visitor.post("/extensions", typed("1006"), htmx=True)
    assert "Enter these in its device:" in await made.text()


async def test_the_tools_of_an_extension_without_a_phone_have_none(visitor: Visitor) -> None:
    assert "Desk phone" in await text_of(visitor, "/extensions/1001/tools", htmx=True)
    assert "Desk phone" not in await text_of(visitor, "/extensions/1004/tools", htmx=True)


async def test_makes_are_chosen_and_no_other_is_lost(
    visitor: Visitor, extensions: Extensions
) -> None:
    editor = await text_of(visitor, "/extensions/1003/edit", htmx=True)
    assert '<option value="Fanvil" selected>Fanvil</option>' in editor
    assert '<option value="Cisco SPA/MPP">' in editor
    assert "VVX 450" not in editor
    assert "VVX 450" in await text_of(visitor, "/extensions/1003/edit")
    mac = {"phone_make": "Fanvil", "mac": "0004f2ffffff", "registration_number": "1"}
    await visitor.post("/extensions/1003", typed("1003", **mac), htmx=True)
    assert (await extensions.get("1003")).phone_make == "Fanvil"
    polycom = {**mac, "phone_make": " polyCOM ", "phone_model": "VVX 450"}
    await visitor.post("/extensions/1003", typed("1003", **polycom), htmx=True)
    assert (await extensions.get("1003")).phone_make == "Polycom"


async def test_models_are_those_of_the_make(visitor: Visitor) -> None:
    path = "/extensions/phone-models"
    snom = await text_of(visitor, f"{path}?phone_make=Snom", htmx=True)
    assert "D735" in snom
    assert "VVX 450" not in snom
    every = await text_of(visitor, f"{path}?phone_make=Fanvil", htmx=True)
    assert "D735" in every
    assert "VVX 450" in every
