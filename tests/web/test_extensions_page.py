"""The Extensions screen: row editor, secrets, what is never shown."""

import json
import re
from urllib.parse import urlencode

import pytest

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.web.forms import add, numbers, typed
from tests.web.visitor import Visitor

pytestmark = pytest.mark.usefixtures("_outside")


async def test_a_pin_or_a_secret_is_not_on_any_page_unasked(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="471199")
    secret = await extensions.secret(admin, "1001")
    for path in ("/extensions", "/extensions/1001/edit", "/extensions/1001/delete"):
        page = await (await visitor.get(path)).text()
        assert secret not in page
        assert "471199" not in page


async def test_an_operator_sees_the_fields_and_no_way_to_change_them(
    operator: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", auth_username="desk", auth_secret="a-secret-of-its-own")
    page = await (await operator.get("/extensions")).text()
    assert 'aria-label="View extension 1001"' in page
    for control in ("New Extension", "Delete extension", 'name="numbers"', "change-many"):
        assert control not in page, control
    editor = await (await operator.get("/extensions/1001/edit", htmx=True)).text()
    assert '<fieldset class="plain" disabled>' in editor
    for control in (">Save<", "Show secret", "New secret", 'name="auth_secret"', 'name="secret"'):
        assert control not in editor, control


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
    for path, key in (
        ("/extensions/new-extension", "new-extension"),
        ("/extensions/1001/edit", "1001"),
    ):
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


async def test_the_secret_of_the_auth_override_is_shown_on_demand(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", auth_username="desk", auth_secret="a-secret-of-its-own")
    editor = await (await visitor.get("/extensions/1001/edit", htmx=True)).text()
    assert "a-secret-of-its-own" not in editor
    assert 'action="/extensions/1001/auth-secret"' in editor
    shown = await (await visitor.post("/extensions/1001/auth-secret", htmx=True)).text()
    assert 'value="desk"' in shown
    assert ">Auth secret</label>" in shown
    assert 'value="a-secret-of-its-own"' in shown
    own = await (await visitor.post("/extensions/1001/secret", htmx=True)).text()
    assert "The device logs in as desk" in own
    await add(extensions, admin, "1002")
    plain = await (await visitor.get("/extensions/1002/edit", htmx=True)).text()
    assert "auth-secret" not in plain.replace('id="auth-secret', "")


@pytest.mark.parametrize(
    "fields",
    [
        {"device_type": "VIRTUAL", "forward_all": "1002"},
        {"device_type": "DAHDI", "dahdi_channel": "4"},
    ],
)
async def test_without_a_device_that_logs_in_there_is_no_secret(
    visitor: Visitor, extensions: Extensions, fields: dict[str, str]
) -> None:
    created = await (await visitor.post("/extensions", typed("1001", **fields), htmx=True)).text()
    assert "Extension 1001 is ready." in created
    assert "Secret" not in created
    editor = await (await visitor.get("/extensions/1001/edit", htmx=True)).text()
    assert "Show secret" not in editor
    assert "New secret" not in editor
    assert "No device that registers" in editor
    assert "Last seen" not in editor
    assert (await visitor.post("/extensions/1001/secret/new", htmx=True)).status == 422


async def test_logins_are_offered_for_the_last_of_several(visitor: Visitor) -> None:
    async def offered(typed_so_far: str) -> list[str]:
        query = urlencode({"users": typed_so_far})
        answer = await visitor.get(f"/extensions/user-names?{query}", htmx=True)
        return re.findall(r'value="([^"]*)"', await answer.text())

    assert await offered("") == ["admin", "operator", "user"]
    assert await offered("oper") == ["operator"]
    assert await offered("admin, oper") == ["admin, operator"]


async def test_an_operator_who_filters_is_offered_logins_too(operator: Visitor) -> None:
    answer = await operator.get("/extensions/user-names?user=us", htmx=True)
    assert re.findall(r'value="([^"]*)"', await answer.text()) == ["user"]


async def test_an_open_editor_can_ask_what_is_known_now(
    operator: Visitor, mirror: EagerMirror, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await mirror.track_all({"1001": True})
    mirror.contact_changed(ContactReport("1001", "sip:1001@192.0.2.1:5062", "Reachable"))
    text = await (await operator.get("/extensions/1001/facts", htmx=True)).text()
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", text))
    assert (facts["Status"], facts["IP"], facts["Port"]) == ("OK", "192.0.2.1", "5062")


async def test_the_editor_says_what_is_known_of_the_device(
    visitor: Visitor, mirror: EagerMirror, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="4711")
    await mirror.track_all({"1001": True})
    contact = "sip:1001@192.0.2.1:5062"
    mirror.contact_changed(ContactReport("1001", contact, "Reachable", roundtrip_usec="12345"))
    mirror.user_agent_told("1001", contact, "Polycom/<6.4>")
    await VoicemailBox.filter(mailbox="1001").update(password="2580")
    editor = await (await visitor.get("/extensions/1001/edit", htmx=True)).text()
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", editor))
    assert facts["Round trip"] == "12.3 ms"
    assert facts["User agent"] == "Polycom/&lt;6.4&gt;"
    assert (facts["Agent"], facts["Status"], facts["IP"]) == ("No", "OK", "192.0.2.1")
    assert facts["Last seen"] == "now"
    assert facts["Voicemail PIN"].startswith("changed by phone, <time")
    assert "2580" not in editor


GONE = [
    ("GET", "/extensions/9999"),
    ("GET", "/extensions/9999/edit"),
    ("GET", "/extensions/9999/delete"),
    ("POST", "/extensions/9999"),
    ("POST", "/extensions/9999/delete"),
    ("POST", "/extensions/9999/secret"),
    ("POST", "/extensions/9999/secret/new"),
    ("POST", "/extensions/9999/auth-secret"),
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
    assert "There is no extension 9999" in await answer.text()
