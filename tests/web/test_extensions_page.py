"""The Extensions screen: list, search, row editor, deletion, secrets."""

import html
import json
import re

import pytest

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from tests.web.conftest import Visitor
from tests.web.forms import add, numbers, typed
from web.app import Portal


def cell(page: str, id_: str) -> str:
    """Return the text of the element with this id, which holds at most one other element."""
    found = re.search(rf'id="{id_}">(?:<span[^>]*>)?([^<]*)', page)
    assert found, id_
    return html.unescape(found[1])


async def test_the_list_shows_what_was_saved_and_what_asterisk_says(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    voicemail = {"voicemail": True, "voicemail_pin": "4711", "voicemail_email": "ada@pbx.local"}
    await add(extensions, admin, "1001", forward_all="1002", **voicemail)
    await add(extensions, admin, "1002")
    portal.mirror.track_all({"1001": True, "1002": True})
    portal.mirror.contact_changed(ContactReport("1001", "sip:1001@192.0.2.1:5062", "Reachable"))
    page = await (await visitor.get("/extensions")).text()
    assert cell(page, "status-1001") == "OK"
    assert (cell(page, "ip-1001"), cell(page, "port-1001")) == ("192.0.2.1", "5062")
    assert "ada@pbx.local" in page
    assert cell(page, "status-1002") == ""
    assert (cell(page, "ip-1002"), cell(page, "port-1002")) == ("", "")


async def test_a_pin_or_a_secret_is_not_on_any_page_unasked(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="471199")
    secret = await extensions.secret(admin, "1001")
    for path in ("/extensions", "/extensions/1001/edit", "/extensions/1001/delete"):
        page = await (await visitor.get(path)).text()
        assert secret not in page
        assert "471199" not in page


async def test_search_and_pages(visitor: Visitor, extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, *(str(number) for number in range(1001, 1056)))
    first = await (await visitor.get("/extensions")).text()
    assert 'id="extension-1050"' in first
    assert 'id="extension-1051"' not in first
    assert "Page 1 of 2" in first
    second = await (await visitor.get("/extensions?page=2")).text()
    assert 'id="extension-1051"' in second
    found = await (await visitor.get("/extensions?search=desk+1002")).text()
    assert re.findall(r'<tbody id="extension-(\d+)"', found) == ["1002"]


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


async def test_a_name_is_text_and_never_markup(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    name = "&lt;b&gt; 'x' & {{7*7}}"
    await extensions.create(admin, parse_extension({"number": "1001", "caller_id_name": name}))
    for path in ("/extensions", "/extensions/1001/edit", "/extensions/1001/delete"):
        page = await (await visitor.get(path)).text()
        assert "&amp;lt;b&amp;gt; &#39;x&#39; &amp; {{7*7}}" in page, path
        assert name not in page, path


async def test_the_editor_opens_in_the_row_for_htmx_and_as_a_page_otherwise(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    for path, key in (("/extensions/new-extension", "new-extension"), ("/extensions/1001/edit", "1001")):
        part = await (await visitor.get(path, htmx=True)).text()
        assert part.lstrip().startswith(f'<tbody id="extension-{key}"')
        assert "<html" not in part
        whole = await (await visitor.get(path)).text()
        assert "<html" in whole
        assert f'<tbody id="extension-{key}"' in whole


async def test_creating_shows_the_row_and_what_the_device_needs(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    answer = await visitor.post("/extensions", typed("1001", "Ada"), htmx=True)
    text = await answer.text()
    assert answer.status == 200
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "Extension created"}}
    assert '<tbody id="extension-new-extension" data-new></tbody>' in text
    assert f'value="{await extensions.secret(admin, "1001")}"' in text
    assert (await extensions.get("1001")).monitored


async def test_saving_says_so_and_closes_the_editor(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    changed = typed("1001", "Grace", forward_all="+441632960000")
    del changed["monitored"]
    answer = await visitor.post("/extensions/1001", changed, htmx=True)
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "Changes saved"}}
    text = await answer.text()
    assert "Grace" in text
    assert "<form" not in text
    saved = await extensions.get("1001")
    assert (saved.caller_id_name, saved.monitored) == ("Grace", False)
    assert saved.forward_all == "+441632960000"


async def test_without_scripts_everything_works_by_pages(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    created = await visitor.post("/extensions", typed("1001", "Ada"))
    assert await extensions.secret(admin, "1001") in await created.text()
    saved = await visitor.post("/extensions/1001", typed("1001", "Grace"))
    assert saved.headers["Location"] == "/extensions?search=1001&notice=saved"
    assert "Changes saved" in await (await visitor.get(saved.headers["Location"])).text()
    deleted = await visitor.post("/extensions/1001/delete")
    assert deleted.headers["Location"] == "/extensions?notice=deleted"
    assert "Extension deleted" in await (await visitor.get(deleted.headers["Location"])).text()
    assert await numbers(extensions) == []


async def test_deleting_asks_and_says_what_is_lost(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="4711", forward_all="1002")
    await add(extensions, admin, "1002")
    question = await (await visitor.get("/extensions/1001/delete", htmx=True)).text()
    assert "its voicemail box" in question
    assert "its forward of all calls to 1002" in question
    plain = await (await visitor.get("/extensions/1002/delete", htmx=True)).text()
    assert "voicemail box" not in plain
    assert "its forward" not in plain
    assert await numbers(extensions) == ["1001", "1002"]
    answer = await visitor.post("/extensions/1001/delete", htmx=True)
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "Extension deleted"}}
    assert await numbers(extensions) == ["1002"]


async def test_the_secret_is_shown_on_demand_and_can_be_replaced(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    before = await extensions.secret(admin, "1001")
    shown = await visitor.post("/extensions/1001/secret", htmx=True)
    assert f'value="{before}"' in await shown.text()
    replaced = await (await visitor.post("/extensions/1001/secret/new", htmx=True)).text()
    after = await extensions.secret(admin, "1001")
    assert after != before
    assert f'value="{after}"' in replaced
    assert before not in replaced
    assert after in await (await visitor.post("/extensions/1001/secret")).text()


GONE = [
    ("GET", "/extensions/9999"),
    ("GET", "/extensions/9999/edit"),
    ("GET", "/extensions/9999/delete"),
    ("POST", "/extensions/9999"),
    ("POST", "/extensions/9999/delete"),
    ("POST", "/extensions/9999/secret"),
    ("POST", "/extensions/9999/secret/new"),
]


@pytest.mark.parametrize(("method", "path"), GONE)
@pytest.mark.parametrize("htmx", [True, False])
async def test_an_extension_that_is_gone_is_404(
    visitor: Visitor, method: str, path: str, htmx: bool
) -> None:
    if method == "GET":
        answer = await visitor.get(path, htmx=htmx)
    else:
        answer = await visitor.post(path, typed("9999"), htmx=htmx)
    assert answer.status == 404
    assert "There is no extension 9999." in await answer.text()


async def test_a_row_that_waits_for_asterisk_says_so(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await visitor.post("/extensions/1001", {k: v for k, v in typed().items() if k != "monitored"})
    page = await (await visitor.get("/extensions")).text()
    assert re.search(r'1001 <span class="tag"[^>]*>waiting', page)
    assert "saved, waiting for Asterisk" in page
