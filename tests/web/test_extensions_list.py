"""The list of extensions: search, filters, order, pages, what stands above it."""

import html
import re
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from pbxbridge.events import EventBus
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.extensions import extensions_on
from tests.web.forms import add, typed
from tests.web.visitor import Visitor
from web.app import Portal, make_app

pytestmark = pytest.mark.usefixtures("_outside")


def cell(page: str, id_: str) -> str:
    """Return the text of the element with this id, which holds at most one other element."""
    found = re.search(rf'id="{id_}">(?:<span[^>]*>)?([^<]*)', page)
    assert found, id_
    return html.unescape(found[1])


async def test_the_list_shows_what_was_saved_and_what_asterisk_says(
    visitor: Visitor, mirror: EagerMirror, extensions: Extensions, admin: Actor
) -> None:
    voicemail = {"voicemail": True, "voicemail_pin": "4711", "voicemail_email": "ada@pbx.local"}
    await add(extensions, admin, "1001", forward_all="1002", **voicemail)
    await add(extensions, admin, "1002")
    await mirror.track_all({"1001": True, "1002": True})
    mirror.contact_changed(ContactReport("1001", "sip:1001@192.0.2.1:5062", "Reachable"))
    page = await (await visitor.get("/extensions")).text()
    assert cell(page, "status-1001") == "OK"
    assert (cell(page, "ip-1001"), cell(page, "port-1001")) == ("192.0.2.1", "5062")
    assert "ada@pbx.local" in page
    assert cell(page, "status-1002") == ""
    assert (cell(page, "ip-1002"), cell(page, "port-1002")) == ("", "")


def listed(page: str) -> list[str]:
    """Return the numbers of the rows, in their order."""
    return re.findall(r'<tbody id="extension-([0-9a-z]+)" class', page)


async def test_search_and_pages(visitor: Visitor, extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, *(str(number) for number in range(1001, 1056)))
    first = await (await visitor.get("/extensions")).text()
    assert len(listed(first)) == 50
    assert "Page 1 of 2 · 55 extensions" in first
    assert 'href="/extensions?page=2"' in first
    second = await (await visitor.get("/extensions?page=2")).text()
    assert listed(second) == ["1051", "1052", "1053", "1054", "1055"]
    found = await (await visitor.get("/extensions?search=desk+1002")).text()
    assert listed(found) == ["1002"]
    longer = await (await visitor.get("/extensions?per_page=100")).text()
    assert len(listed(longer)) == 55
    part = await (
        await visitor.get("/extensions?per_page=25&page=3&sort=-number", htmx=True)
    ).text()
    assert "<html" not in part
    assert listed(part) == ["1005", "1004", "1003", "1002", "1001"]
    assert 'href="/extensions?sort=-number&amp;per_page=25&amp;page=2"' in part


FILTERS = [
    ("", ["20", "1001", "1002", "1003"]),
    ("device_type=VIRTUAL", ["1003"]),
    ("device_type=SIP&sort=caller_id_name", ["20", "1002"]),
    ("device_type=fax", ["20", "1001", "1002", "1003"]),
    ("class_of_service=internal&sort=-number", ["1003", "1002", "1001", "20"]),
    ("class_of_service=nobody", []),
    ("user=operator", ["1002"]),
    ("user=nobody", []),
    ("state=OK", ["20"]),
    ("state=UNREACHABLE", []),
    ("state=BLANK", ["1001", "1002", "1003"]),
    ("state=BLANK&search=100&device_type=SIP", ["1002"]),
    ("state=nonsense&sort=nonsense&per_page=7", ["20", "1001", "1002", "1003"]),
    ("sort=caller_id_name", ["1003", "20", "1002", "1001"]),
    ("sort=device_type", ["1001", "20", "1002", "1003"]),
]


@pytest.mark.parametrize(("query", "numbers_shown"), FILTERS)
async def test_the_address_filters_and_sorts(
    visitor: Visitor,
    mirror: EagerMirror,
    extensions: Extensions,
    admin: Actor,
    query: str,
    numbers_shown: list[str],
) -> None:
    await add(extensions, admin, "20", caller_id_name="Bell")
    await add(extensions, admin, "1001", caller_id_name="Dora", device_type="IAX2")
    await add(extensions, admin, "1002", caller_id_name="Cleo", users=["operator"])
    await add(
        extensions, admin, "1003", caller_id_name="Ada", device_type="VIRTUAL", forward_all="20"
    )
    await mirror.track_all(await extensions.monitored())
    mirror.contact_changed(ContactReport("20", "sip:20@192.0.2.1:5062", "Reachable"))
    page = await (await visitor.get(f"/extensions?{query}")).text()
    assert listed(page) == numbers_shown
    if not numbers_shown:
        assert "No extension is like that." in page


async def test_the_sorted_column_says_so_and_turns_round(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    page = await (await visitor.get("/extensions?sort=caller_id_name&search=desk")).text()
    assert page.count("aria-sort") == 1
    header = re.search(
        r'<th scope="col" aria-sort="ascending"><a id="sort-caller_id_name" [^>]*', page
    )
    assert header
    assert 'href="/extensions?search=desk&amp;sort=-caller_id_name"' in header[0]


async def test_the_head_says_how_many_licences_are_used(
    visitor: Visitor, portal: Portal, bus: EventBus, admin: Actor
) -> None:
    await add(portal.extensions, admin, "1001", "1002")
    await add(portal.extensions, admin, "1003", device_type="VIRTUAL", forward_all="1001")
    assert "2 licences used" in await (await visitor.get("/extensions")).text()
    limited = replace(portal, extensions=extensions_on(bus, licences=2))
    async with TestClient(TestServer(make_app(limited))) as other:
        admins = Visitor(other, visitor.token)
        assert "2/2 licences used" in await (await admins.get("/extensions")).text()
        refused = await admins.post("/extensions", typed("1004"), htmx=True)
        assert refused.status == 422
        assert "All 2 licences are in use." in await refused.text()


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999", "9" * 5000, "1e3", "٣", ""])
async def test_a_strange_page_number_shows_a_page(
    visitor: Visitor, extensions: Extensions, admin: Actor, page: str
) -> None:
    await add(extensions, admin, "1001")
    answer = await visitor.get(f"/extensions?page={page}")
    assert answer.status == 200
    assert 'id="extension-1001"' in await answer.text()


@pytest.mark.parametrize(
    "search",
    ["%", "_", "'; drop table portal_extensions; --", "%00", "\\", '"><script>', "x" * 999],
)
async def test_a_strange_search_finds_nothing_and_shows_itself_escaped(
    visitor: Visitor, extensions: Extensions, admin: Actor, search: str
) -> None:
    await add(extensions, admin, "1001")
    answer = await visitor.client.get(
        "/extensions", params={"search": search}, cookies=visitor.cookies
    )
    text = await answer.text()
    assert answer.status == 200
    assert "<script>" not in text
    assert "No number or name contains" in text


async def test_a_row_that_waits_for_asterisk_says_so(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await visitor.post("/extensions/1001", {k: v for k, v in typed().items() if k != "monitored"})
    page = await (await visitor.get("/extensions")).text()
    assert re.search(r'>1001</span> <span class="tag"[^>]*>waiting', page)
    assert "saved, waiting for Asterisk" in page
