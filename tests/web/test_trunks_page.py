"""The Trunks screen as a browser's requests see it, with the target of unknown DIDs."""

from __future__ import annotations

import re

import pytest

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.realtime import PsAuth
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.web.calling import TRUNK, marked, names, notice, with_route, with_trunk
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

SECRET = "carriers-own-1"
LOGIN = {"username": "49301234", "secret": SECRET}


async def page_of(visitor: Visitor, path: str = "/trunks") -> str:
    return await (await visitor.get(path)).text()


async def test_without_a_trunk_the_page_says_so(visitor: Visitor) -> None:
    assert "There is no trunk yet." in await page_of(visitor)


async def test_the_list_shows_what_a_trunk_is_and_its_state(
    visitor: Visitor, portal: Portal, admin: Actor, mirror: EagerMirror
) -> None:
    fields = {"description": "Main line", "caller_id": "+4930123400", "registers": True, **LOGIN}
    await with_trunk(portal, admin, "carrier", **fields)
    await with_trunk(portal, admin, "backup")
    await mirror.track_all(await portal.trunks.monitored())
    mirror.contact_changed(ContactReport("trunk-carrier", "sip:192.0.2.7:5060", "Unreachable"))
    text = await page_of(visitor)
    assert names(text) == ["backup", "carrier"]
    for shown in ("Main line", "carrier.<wbr>example:5060", "+4930123400", ">Yes<", ">No<"):
        assert shown in text
    [cell] = re.findall(r'id="status-trunk-carrier">(.*?)</td>', text, re.DOTALL)
    assert "UNREACHABLE" in cell
    assert "The carrier does not answer" in cell
    assert SECRET not in text


async def test_a_trunk_is_created_and_its_secret_is_shown_nowhere(
    visitor: Visitor, portal: Portal
) -> None:
    answer = await visitor.post("/trunks", {**TRUNK, **LOGIN, "registers": "on"}, htmx=True)
    text = await answer.text()
    assert answer.status == 200
    assert notice(answer) == "Trunk created"
    # Its row, and the place of the next new one.
    assert 'id="new-record" data-new></tbody>' in text
    assert names(text) == ["carrier"]
    fields = (await portal.trunks.get("carrier")).fields
    assert (fields.registers, fields.monitored, fields.username) == (True, True, "49301234")
    editor = await page_of(visitor, "/trunks/carrier/edit")
    assert SECRET not in text + editor + await page_of(visitor, "/audit")
    assert 'placeholder="unchanged"' in editor
    assert (await PsAuth.get(id="trunk-carrier")).password == SECRET


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two words"),
        ("host", "no host"),
        ("port", "70000"),
        ("port", ""),
        ("username", "two words"),
        ("caller_id", "anonymous"),
        ("addresses", "0.0.0.0/0"),
        ("secret", "short"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    visitor: Visitor, portal: Portal, field: str, value: str
) -> None:
    typed = {**TRUNK, "description": "<i>Main", field: value}
    answer = await visitor.post("/trunks", typed, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert marked(text) == [field]
    assert "Input should" not in text
    assert "String should" not in text
    assert 'value="&lt;i&gt;Main"' in text
    assert f'value="{value}"' in text
    assert re.search(r'name="monitored"[^>]* checked', text)
    assert await portal.trunks.all() == []


async def test_an_empty_secret_keeps_the_present_one(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin, **LOGIN)
    change = {**TRUNK, "username": LOGIN["username"], "secret": "", "version": "1", "port": "5070"}
    answer = await visitor.post("/trunks/carrier", change, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Changes saved")
    assert (await portal.trunks.get("carrier")).fields.port == 5070
    assert (await PsAuth.get(id="trunk-carrier")).password == SECRET
    # Every box that is not ticked is off.
    del change["monitored"]
    await visitor.post("/trunks/carrier", change | {"version": "2"}, htmx=True)
    assert (await portal.trunks.get("carrier")).fields.monitored is False


async def test_what_somebody_else_saved_meanwhile_is_not_written_over(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin)
    await portal.trunks.update(admin, "carrier", {"description": "Theirs"})
    change = {**TRUNK, "description": "Mine", "version": "1"}
    answer = await visitor.post("/trunks/carrier", change, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert "Trunk carrier was changed meanwhile." in text
    assert "Theirs" in text
    assert 'value="Mine"' in text
    assert (await portal.trunks.get("carrier")).fields.description == "Theirs"
    [version] = re.findall(r'name="version" value="(\d+)"', text)
    again = await visitor.post("/trunks/carrier", change | {"version": version}, htmx=True)
    assert again.status == 200
    assert (await portal.trunks.get("carrier")).fields.description == "Mine"


async def test_a_trunk_in_use_is_not_deleted(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin)
    await with_route(portal, admin)
    question = await (await visitor.get("/trunks/carrier/delete", htmx=True)).text()
    assert "route national" in question
    assert "<form" not in question
    refused = await visitor.post("/trunks/carrier/delete", htmx=True)
    assert refused.status == 409
    assert "Trunk carrier is used by route national." in await refused.text()
    await portal.routes.delete(admin, "national")
    assert "Delete trunk carrier?" in await page_of(visitor, "/trunks/carrier/delete")
    answer = await visitor.post("/trunks/carrier/delete", htmx=True)
    assert (answer.status, notice(answer)) == (200, "Trunk deleted")
    assert (await visitor.get("/trunks/carrier/edit")).status == 404


async def test_an_operator_reads_and_changes_nothing(
    operator: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin)
    text = await page_of(operator)
    assert names(text) == ["carrier"]
    assert "They are refused." in text
    assert "<form" not in text.partition("<main")[2]
    for path in ("/trunks/new", "/trunks/carrier/edit", "/trunks/carrier/delete", "/inbound"):
        assert (await operator.get(path)).status == 403
    for path in ("/trunks", "/trunks/carrier", "/trunks/carrier/delete", "/inbound"):
        assert (await operator.post(path, TRUNK)).status == 403
    assert len(await portal.trunks.all()) == 1


async def test_a_person_with_a_phone_has_no_such_page(person: Visitor) -> None:
    for path in ("/trunks", "/routes", "/classes", "/groups"):
        assert (await person.get(path)).status == 403


async def test_no_trunk_without_the_sessions_token(visitor: Visitor, portal: Portal) -> None:
    for path in ("/trunks", "/inbound"):
        assert (await visitor.post(path, {**TRUNK, "csrf": "0" * 64})).status == 403
    assert await portal.trunks.all() == []


async def test_without_scripts_everything_works_by_pages(visitor: Visitor, portal: Portal) -> None:
    assert 'action="/trunks"' in await page_of(visitor, "/trunks/new")
    wrong = await visitor.post("/trunks", {**TRUNK, "host": ""})
    assert wrong.status == 422
    assert "<html" in await wrong.text()
    created = await visitor.post("/trunks", TRUNK)
    assert created.headers["Location"] == "/trunks?notice=trunk-created"
    assert "Trunk created" in await page_of(visitor, created.headers["Location"])
    saved = await visitor.post("/trunks/carrier", TRUNK | {"description": "Main line"})
    assert saved.headers["Location"] == "/trunks?notice=saved"
    assert (await visitor.get("/trunks/carrier/row")).headers["Location"] == "/trunks"
    deleted = await visitor.post("/trunks/carrier/delete")
    assert "Trunk deleted" in await page_of(visitor, deleted.headers["Location"])


async def test_unknown_dids_ring_what_is_there(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    assert 'placeholder="refused"' in await page_of(visitor)
    wrong = await visitor.post("/inbound", {"unknown_did": "1009", "version": "0"}, htmx=True)
    text = await wrong.text()
    assert wrong.status == 422
    assert "There is no extension, phone group or queue 1009." in text
    assert 'value="1009"' in text
    saved = await visitor.post("/inbound", {"unknown_did": "1001", "version": "0"}, htmx=True)
    assert (saved.status, notice(saved)) == (200, "Changes saved")
    assert (await portal.inbound.get()).fields.unknown_did == "1001"
    stale = await visitor.post("/inbound", {"unknown_did": "", "version": "0"}, htmx=True)
    assert stale.status == 422
    assert "Saved is now: 1001." in await stale.text()
    plain = await visitor.post("/inbound", {"unknown_did": "", "version": "1"})
    assert plain.headers["Location"] == "/trunks?notice=saved"
    assert (await portal.inbound.get()).fields.unknown_did == ""
    assert 'id="inbound-form"' in await page_of(visitor, "/inbound")


async def test_the_audit_tells_it_in_words_and_offers_no_undo(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_trunk(portal, admin, **LOGIN)
    await portal.trunks.update(admin, "carrier", {"caller_id": "123", "secret": "another-one-2"})
    await portal.inbound.update(admin, {"unknown_did": ""})
    text = await page_of(visitor, "/audit?kind=trunk")
    for words in ("Trunk created", "Trunk changed", "Secret of a trunk changed", "CallerID:"):
        assert words in text
    # The form offers the words of all kinds.
    told = ">Calls from outside changed</a>"
    assert told not in text
    assert told in await page_of(visitor, "/audit?kind=inbound")
    entry = await AuditEntry.get(action="trunk.changed")
    assert "/undo" not in await page_of(visitor, f"/audit/{entry.id}")
    refused = await visitor.get(f"/audit/{entry.id}/undo")
    assert refused.status == 409
    assert "Only changes of extensions and users can be undone." in await refused.text()
