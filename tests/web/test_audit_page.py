"""The Audit screen: what it shows, whom, and the way to an undo and back."""

from __future__ import annotations

import html
import re

import pytest

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.actor import Actor
from pbxbridge.services.audit_trail import AuditTrail
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from pbxbridge.services.stepwise import Pace
from tests.rig.extensions import delete_knowingly
from tests.rig.invitations import MAKE
from tests.web.conftest import Prepared
from tests.web.forms import add
from tests.web.visitor import Client, Visitor
from web.app import Portal


@pytest.fixture(autouse=True)
async def _two_extensions(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", "1002")


async def changed(extensions: Extensions, number: str = "1001", **fields: object) -> int:
    """Change an extension as ada; return the entry's id."""
    await extensions.update(Actor("ada", "192.0.2.9"), number, fields)
    entry = await AuditEntry.filter(action="extension.changed").order_by("-id").first()
    assert entry
    return entry.id


async def text_of(visitor: Visitor, path: str, status: int = 200) -> str:
    """Return what a page shows, without its tags."""
    answer = await visitor.get(path)
    assert answer.status == status
    main = (await answer.text()).partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


async def ids_of(visitor: Visitor, path: str) -> list[int]:
    """Return the entries that a list shows, in its order."""
    found = re.findall(r'data-label="What"><a href="/audit/(\d+)"', await page_of(visitor, path))
    return [int(entry) for entry in found]


async def page_of(visitor: Visitor, path: str) -> str:
    answer = await visitor.get(path)
    assert answer.status == 200
    return await answer.text()


async def test_an_entry_says_who_when_from_where_and_what(
    visitor: Visitor, extensions: Extensions
) -> None:
    await changed(extensions, forward_all="1002", do_not_disturb=True)
    text = await text_of(visitor, "/audit")
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    row = f"{when} ada from 192.0.2.9 Extension changed 1001 "
    row += "All Call Forward: empty → is now 1002 Do not disturb: Off → is now On"
    assert re.search(row, text), text
    assert "When (UTC)" in text
    assert '<a href="/extensions/1001/edit">1001</a>' in await page_of(visitor, "/audit")


async def test_an_invitation_leads_to_its_extension(
    visitor: Visitor, extensions: Extensions, admin: Actor, portal: Portal
) -> None:
    await extensions.update(admin, "1001", MAKE)
    await portal.invitations.send(admin, "1001", "ada@example.org")
    text = await page_of(visitor, "/audit?kind=invitation")
    assert '<a href="/extensions/1001/edit">1001</a>' in text


async def test_a_subject_that_is_gone_is_shown_without_a_link(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await delete_knowingly(extensions, admin, "1001")
    text = await page_of(visitor, "/audit?subject=1001")
    assert "Extension deleted" in text
    assert "/extensions/1001" not in text


async def test_the_history_of_an_extension_is_one_link(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "11001")
    entry = await changed(extensions, phone_group="Sales")
    listed = await ids_of(visitor, "/audit?subject=1001")
    assert listed[0] == entry
    assert len(listed) == 2
    assert len(await ids_of(visitor, "/audit?subject=*1001*")) == 3


async def test_nothing_found_offers_to_look_for_parts(visitor: Visitor) -> None:
    text = await page_of(visitor, "/audit?subject=100&kind=extension")
    assert "Nothing was found." in text
    assert 'href="/audit?subject=%2A100%2A&amp;kind=extension"' in text
    assert "parts like" not in await page_of(visitor, "/audit?subject=*9*")


async def test_a_wrong_day_is_said_beside_its_field_and_nothing_is_searched(
    visitor: Visitor,
) -> None:
    answer = await visitor.get("/audit?from=2026-02-30&to=2026-01-01&actor=ada")
    assert answer.status == 422
    text = await answer.text()
    assert 'id="from-error">Enter a date such as 2026-01-31.' in text
    assert 'value="ada"' in text
    assert "<details open>" in text
    assert "<table" not in text


@pytest.mark.parametrize(
    "query",
    ["subject=%00", "actor=" + "x" * 200, "kind=x", "field=%22", "action=%27--", "to=%ED%A0%80"],
)
async def test_strange_searches_are_refused_politely(visitor: Visitor, query: str) -> None:
    answer = await visitor.get(f"/audit?{query}")
    assert answer.status == 422
    assert 'aria-invalid="true"' in await answer.text()


async def test_older_entries_are_a_link_that_keeps_the_conditions(
    visitor: Visitor, extensions: Extensions
) -> None:
    for number in range(55):
        await changed(extensions, caller_id_name=f"Name {number}")
    first = "/audit?actor=ada&field=caller_id_name"
    newest = await ids_of(visitor, first)
    assert len(newest) == 50
    text = await page_of(visitor, first)
    [older] = re.findall(r'rel="next" href="([^"]+)">Older<', text)
    assert "Newest" not in text
    rest = await ids_of(visitor, html.unescape(older))
    assert len(rest) == 5
    assert not set(rest) & set(newest)
    last = await page_of(visitor, html.unescape(older))
    assert 'rel="next"' not in last
    assert f'href="{html.escape(first)}">Newest<' in last


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "999999999", "9" * 30])
async def test_any_place_to_go_on_from_has_a_page(visitor: Visitor, before: str) -> None:
    assert (await visitor.get(f"/audit?before={before}")).status == 200


async def test_a_paused_search_says_so_and_goes_on(
    portal: Portal, visitor: Visitor, extensions: Extensions
) -> None:
    object.__setattr__(portal, "audit", AuditTrail(extensions, portal.users, Pace(step=1, steps=1)))
    text = await page_of(visitor, "/audit?actor=nobody-at-all")
    assert re.search(r"Searched back to \d{4}-\d\d-\d\d \d\d:\d\d UTC", text)
    assert "Search older" in text
    assert "Nothing was found" not in text


async def test_hostile_text_stays_text(visitor: Visitor) -> None:
    entry = await AuditEntry.create(
        actor="<b>ada",
        address="<i>",
        action="<u>.x",
        subject="<script>alert(1)</script>",
        before={"<em>": "<img src=x>"},
        after={"<em>": {"a": ["<s>"]}},
    )
    for path in ("/audit", f"/audit/{entry.id}"):
        text = await page_of(visitor, path)
        for part in ("<script>alert", "<b>ada", "<i>", "<u>", "<em>", "<img", "<s>"):
            assert part not in text, path


async def test_undo_asks_first_and_says_what_will_be_set_to_what(
    visitor: Visitor, extensions: Extensions
) -> None:
    entry = await changed(extensions, forward_all="1002", do_not_disturb=True)
    assert f'href="/audit/{entry}/undo"' in await page_of(visitor, f"/audit/{entry}")
    text = await text_of(visitor, f"/audit/{entry}/undo")
    assert "Field Now Will be All Call Forward 1002 empty Do not disturb On Off" in text
    assert (await extensions.get("1001")).forward_all == "1002"
    answer = await visitor.post(f"/audit/{entry}/undo")
    assert answer.status == 303
    where = answer.headers["Location"]
    text = await text_of(visitor, where)
    assert f"This undid entry {entry} ." in text
    assert "Change undone" in text
    assert (await extensions.get("1001")).forward_all == ""
    undone = int(re.findall(r"\d+", where)[0])
    assert f"was undone by entry {undone} ." in await text_of(visitor, f"/audit/{entry}")
    reference = await AuditEntry.get(action="extension.change-undone")
    text = await text_of(visitor, f"/audit/{reference.id}")
    assert f"Entry {entry} was undone by entry {undone} ." in text


async def test_what_is_in_the_way_is_shown_with_a_link(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1003")
    entry = await changed(extensions, forward_all="1002")
    newer = await changed(extensions, forward_all="1003", phone_group="Sales")
    shown = await visitor.get(f"/audit/{entry}")
    posted = await visitor.post(f"/audit/{entry}/undo")
    asked = await visitor.get(f"/audit/{entry}/undo")
    assert (shown.status, asked.status, posted.status) == (200, 409, 409)
    for answer in (shown, asked, posted):
        text = await answer.text()
        assert f'<a href="/audit/{newer}">' in text
        assert "A newer change touched the same fields." in text
        assert "Phone Group" not in text
        assert f'action="/audit/{entry}/undo"' not in text
    assert (await extensions.get("1001")).forward_all == "1003"


async def test_a_rule_in_the_way_is_said_in_the_services_words(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await changed(extensions, dids=["4930100"])
    entry = await changed(extensions, dids=[])
    wanted = {"number": "1003", "caller_id_name": "C", "dids": "4930100"}
    await extensions.create(admin, parse_extension(wanted))
    answer = await visitor.post(f"/audit/{entry}/undo")
    assert answer.status == 422
    text = await answer.text()
    assert "DID: DID 4930100 belongs to extension 1003." in text
    assert "Nothing was changed." in text


async def test_secrets_creations_and_deletions_have_no_undo(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await extensions.regenerate_secret(admin, "1001")
    await delete_knowingly(extensions, admin, "1001")
    for what in ("created", "secret-regenerated", "deleted"):
        entry = await AuditEntry.filter(action=f"extension.{what}").order_by("-id").first()
        assert entry
        text = await page_of(visitor, f"/audit/{entry.id}")
        assert "ndo this change" not in text
        assert "Cannot be undone" not in text
        answer = await visitor.post(f"/audit/{entry.id}/undo")
        assert answer.status == 409
        assert "This change cannot be undone" in await answer.text()


async def test_an_operator_reads_and_undoes_nothing(
    client: Client, prepared: Prepared, extensions: Extensions
) -> None:
    operator = Visitor(client, prepared.tokens[Role.OPERATOR])
    entry = await changed(extensions, forward_all="1002")
    assert "Extension changed" in await page_of(operator, "/audit")
    assert "Undo" not in await page_of(operator, f"/audit/{entry}")
    assert (await operator.get(f"/audit/{entry}/undo")).status == 403
    assert (await operator.post(f"/audit/{entry}/undo")).status == 403
    assert (await extensions.get("1001")).forward_all == "1002"


async def test_a_user_sees_none_of_it(client: Client, prepared: Prepared) -> None:
    user = Visitor(client, prepared.tokens[Role.USER])
    for path in ("/audit", "/audit/1", "/audit/1/undo"):
        assert (await user.get(path)).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_request_changes_an_entry(client: Client, visitor: Visitor, method: str) -> None:
    before = await AuditEntry.all().order_by("id").values()
    for path in ("/audit", "/audit/1"):
        headers = {"X-CSRF-Token": visitor.csrf, "Content-Type": "text/plain"}
        async with client.request(method, path, headers=headers, cookies=visitor.cookies) as answer:
            assert answer.status == 405, path
    assert await AuditEntry.all().order_by("id").values() == before


async def test_an_entry_that_is_not_there_is_not_found(visitor: Visitor) -> None:
    for path in ("/audit/99999", "/audit/99999/undo", "/audit/x", "/audit/9999999999"):
        assert (await visitor.get(path)).status == 404


async def test_when_a_token_ends_is_told_in_words(visitor: Visitor, portal: Portal) -> None:
    await portal.api_tokens.create(Actor("admin", "192.0.2.9"), "Backup", "read", 1)
    text = await text_of(visitor, "/audit?kind=token")
    assert re.search(r"Expires at: \d{4}-\d\d-\d\d \d\d:\d\d UTC", text), text
