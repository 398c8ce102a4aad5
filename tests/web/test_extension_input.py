"""What is typed into the editor and may not be saved comes back with a sentence beside it."""

import html
import re

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.conftest import Visitor
from tests.web.forms import add, numbers, typed


def marked(page: str) -> dict[str, str]:
    """Return field and sentence of every error, as a screen reader would join them."""
    fields = re.findall(r'name="(\w+)" aria-invalid="true" aria-describedby="([\w-]+)', page)
    sentences = dict(re.findall(r'<p class="error" id="([\w-]+)">([^<]*)</p>', page))
    return {name: html.unescape(sentences[note]) for name, note in fields}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
async def test_a_refused_name_comes_back_escaped(visitor: Visitor, name: str) -> None:
    answer = await visitor.post("/extensions", typed(name=name), htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert html.escape(name).replace("&quot;", "&#34;") in text
    assert name not in text


BAD = [
    ({"number": ""}, {"number": "Enter the extension's number."}),
    ({"number": "10a1"}, {"number": "Use digits only."}),
    ({"number": "1" * 21}, {"number": "Use at most 20 digits."}),
    ({"number": "2000"}, {"number": "Extension 2000 exists already."}),
    (
        {"caller_id_name": " "},
        {"caller_id_name": "Enter the name that phones show for this extension."},
    ),
    ({"caller_id_name": "a\nb"}, None),
    ({"caller_id_name": 'a"b'}, None),
    ({"caller_id_name": "a" * 41}, None),
    ({"class_of_service": "nobody"}, {"class_of_service": "Choose one of the list."}),
    ({"device_type": "FAX"}, {"device_type": "Choose one of the list."}),
    ({"forward_all": "1001"}, {"forward_all": "An extension cannot be forwarded to itself."}),
    ({"forward_all": "home"}, None),
    ({"voicemail": "on"}, {"voicemail_pin": "A voicemail box needs a PIN."}),
    ({"voicemail": "on", "voicemail_pin": "123"}, {"voicemail_pin": "Use 4 to 12 digits."}),
    (
        {"voicemail": "on", "voicemail_pin": "1001"},
        {"voicemail_pin": "The PIN must not be the extension's own number."},
    ),
    ({"voicemail": "on", "voicemail_pin": "4711", "voicemail_email": "not an address"}, None),
    (
        {"number": "x", "caller_id_name": ""},
        {
            "number": "Use digits only.",
            "caller_id_name": "Enter the name that phones show for this extension.",
        },
    ),
]


@pytest.mark.parametrize(("fields", "errors"), BAD)
async def test_bad_input_is_refused_beside_its_field_and_kept(
    visitor: Visitor,
    extensions: Extensions,
    admin: Actor,
    fields: dict[str, str],
    errors: dict[str, str] | None,
) -> None:
    await add(extensions, admin, "2000")
    answer = await visitor.post("/extensions", typed() | fields, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    if errors is None:
        assert set(marked(text)) == set(fields) - {"voicemail", "voicemail_pin"}
    else:
        assert marked(text) == errors
    shown = html.unescape(text)
    for name, value in fields.items():
        if name not in ("voicemail", "class_of_service", "device_type"):
            assert f'value="{value}"' in shown, name
    assert text.count("autofocus") <= 1
    assert await numbers(extensions) == ["2000"]


async def test_an_edit_is_refused_the_same_way(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    answer = await visitor.post("/extensions/1001", typed("1001", forward_all="1001"), htmx=True)
    assert answer.status == 422
    assert set(marked(await answer.text())) == {"forward_all"}
    other = await visitor.post("/extensions/1001", typed("1002"), htmx=True)
    assert set(marked(await other.text())) == {"number"}
    assert (await extensions.get("1001")).caller_id_name == "Desk 1001"


async def test_a_field_that_does_not_exist_is_refused(
    visitor: Visitor, extensions: Extensions
) -> None:
    answer = await visitor.post("/extensions", typed() | {"admin": "yes"}, htmx=True)
    assert answer.status == 422
    assert await numbers(extensions) == []


async def test_what_is_hidden_while_voicemail_is_off_is_not_judged(
    visitor: Visitor, extensions: Extensions
) -> None:
    hidden = {"voicemail_pin": "1", "voicemail_email": "broken"}
    answer = await visitor.post("/extensions", typed() | hidden, htmx=True)
    assert answer.status == 200
    assert (await extensions.get("1001")).voicemail_email == ""


async def test_an_empty_pin_keeps_the_boxs_pin(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="4711")
    editor = await (await visitor.get("/extensions/1001/edit", htmx=True)).text()
    assert 'placeholder="unchanged"' in editor
    answer = await visitor.post("/extensions/1001", typed(voicemail="on"), htmx=True)
    assert answer.status == 200
    assert (await extensions.get("1001")).voicemail
