"""What is typed into the editor and may not be saved comes back with a sentence beside it."""

import html
import re

import pytest

from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.realtime_writer import stored_pin
from tests.web.forms import add, numbers, typed
from tests.web.visitor import Visitor

pytestmark = pytest.mark.usefixtures("_outside")


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


SELECTS = (
    "device_type",
    "class_of_service",
    "voicemail_audio",
    "voicemail_after_sending",
    "voicemail_language",
    "phone_make",
)
BAD = [
    ({"number": ""}, {"number": "Enter the extension's number."}),
    (
        {"number": "10-1"},
        {"number": "Use letters and digits only. Digits can be dialled from any phone."},
    ),
    ({"number": "1" * 21}, {"number": "Use at most 20 characters."}),
    ({"number": "h"}, {"number": "This name has a meaning of its own. Choose another."}),
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
    ({"forward_all": "to home"}, None),
    ({"forward_busy": "1001"}, None),
    ({"forward_no_answer": "1-2"}, None),
    ({"forward_unregistered": "++1"}, None),
    ({"twinning_number": "lobby"}, None),
    ({"ring_time": "4"}, {"ring_time": "Enter 5 to 300 seconds."}),
    ({"ring_time": "soon"}, {"ring_time": "Enter a whole number."}),
    ({"dids": "+441632960000, x"}, None),
    ({"external_caller_id": "me"}, None),
    ({"emergency_caller_id": "me"}, None),
    ({"phone_group": "x" * 41}, None),
    ({"mac": "00:04"}, {"mac": "Enter 12 hexadecimal digits, such as 00:04:f2:a1:b2:c3."}),
    ({"registration_number": "0"}, {"registration_number": "Enter a number from 1 to 99."}),
    ({"secret": "short"}, {"secret": "Use 8 to 40 characters."}),
    ({"auth_username": "a b"}, None),
    ({"auth_secret": "long enough"}, None),
    ({"users": "nobody"}, {"users": "There is no user nobody."}),
    (
        {"device_type": "DAHDI"},
        {"dahdi_channel": "Enter the DAHDI channel of the device."},
    ),
    ({"device_type": "DAHDI", "dahdi_channel": "zero"}, None),
    (
        {"device_type": "VIRTUAL"},
        {
            "forward_all": "A VIRTUAL extension needs voicemail or a forward: "
            "it has no device that rings."
        },
    ),
    (
        {"device_type": "SIP-VIRTUAL"},
        {"mac": "Enter the MAC address of the device that carries this extension."},
    ),
    ({"voicemail": "on"}, {"voicemail_pin": "A voicemail box needs a PIN."}),
    ({"voicemail": "on", "voicemail_pin": "123"}, {"voicemail_pin": "Use 4 to 12 digits."}),
    (
        {"voicemail": "on", "voicemail_pin": "1001"},
        {"voicemail_pin": "The PIN must not be the extension's own number."},
    ),
    (
        {"voicemail": "on", "voicemail_pin": "4711", "voicemail_email": "not an address"},
        {
            "voicemail_email": "“not” is no e-mail address. Enter one such as ada@example.com, "
            "with commas between several."
        },
    ),
    (
        {
            "voicemail": "on",
            "voicemail_pin": "4711",
            "voicemail_audio": "link",
            "voicemail_after_sending": "delete",
            "voicemail_time_zone": "utc",
        },
        {"voicemail_time_zone": "Write it as UTC."},
    ),
    (
        {"number": "x y", "caller_id_name": ""},
        {
            "number": "Use letters and digits only. Digits can be dialled from any phone.",
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
        assert set(marked(text)) == set(fields) - {"voicemail", "voicemail_pin", "device_type"}
    else:
        assert marked(text) == errors
    shown = html.unescape(text)
    for name, value in fields.items():
        if name not in ("voicemail", *SELECTS):
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


async def test_every_field_is_saved_and_shown_again(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1002")
    form = typed(
        "0lobby",
        users="operator, user",
        dids="+441632960001 +441632960002",
        twinning_number="+447700900123",
        phone_make="Polycom",
        phone_model="VVX 450",
        mac="00-04-F2-A1-B2-C3",
        registration_number="2",
        external_caller_id="+441632960000",
        emergency_caller_id="+441632960009",
        forward_all="1002",
        forward_busy="1002",
        forward_no_answer="1002",
        forward_unregistered="1002",
        do_not_disturb="on",
        ring_time="35",
        phone_group="sales",
        auth_username="desk",
        auth_secret="a-secret-of-its-own",
        voicemail="on",
        voicemail_pin="4711",
        voicemail_email="lobby@pbx.local, desk@pbx.local",
        voicemail_audio="mp3",
        voicemail_after_sending="heard",
        voicemail_language="de",
        voicemail_time_zone="Europe/Berlin",
    )
    assert (await visitor.post("/extensions", form, htmx=True)).status == 200
    saved = await extensions.get("0lobby")
    assert (saved.users, saved.dids) == (
        ["operator", "user"],
        ["+441632960001", "+441632960002"],
    )
    assert (saved.mac, saved.ring_time, saved.do_not_disturb) == ("0004f2a1b2c3", 35, True)
    editor = await (await visitor.get("/extensions/0lobby/edit", htmx=True)).text()
    shown = html.unescape(editor)
    for name, value in form.items():
        if name in ("dids", "mac"):
            continue
        if name in SELECTS:
            assert re.search(
                rf'<select [^>]*name="{name}"[^<]*(<option[^>]*>[^<]*</option>\s*)*'
                rf'<option value="{value}" selected>',
                shown,
            ), name
            continue
        kept = "" if name in ("voicemail_pin", "auth_secret") else value
        found = re.search(rf'name="{name}"[^>]*', shown)
        assert found, name
        assert ("checked" if value == "on" else f'value="{kept}"') in found[0], name
    assert 'value="+441632960001, +441632960002"' in shown
    assert 'value="00:04:f2:a1:b2:c3"' in shown
    untouched = {**form, "version": str(saved.version), "voicemail_pin": "", "auth_secret": ""}
    assert (await visitor.post("/extensions/0lobby", untouched, htmx=True)).status == 200
    assert await extensions.get("0lobby") == saved


async def test_what_a_type_of_device_has_not_is_neither_kept_nor_judged(
    visitor: Visitor, extensions: Extensions
) -> None:
    form = typed(device_type="VIRTUAL", forward_all="1002", mac="broken", dahdi_channel="x")
    assert (await visitor.post("/extensions", form, htmx=True)).status == 200
    saved = await extensions.get("1001")
    assert (saved.device_type.value, saved.mac, saved.dahdi_channel) == ("VIRTUAL", "", "")


async def test_a_stale_form_is_refused_once_and_shows_what_is_stored_now(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    opened = await extensions.get("1001")
    await extensions.update(admin, "1001", {"caller_id_name": "Grace", "ring_time": 40})
    form = typed("1001", "Ada", version=str(opened.version))
    answer = await visitor.post("/extensions/1001", form, htmx=True)
    text = html.unescape(await answer.text())
    assert answer.status == 422
    assert "Nothing was saved. Extension 1001 was changed meanwhile" in text
    assert re.findall(r'<p class="now">([^<]*)</p>', text) == ["now: Grace"]
    assert 'value="Ada"' in text
    assert (await extensions.get("1001")).caller_id_name == "Grace"
    found = re.search(r'name="version" value="(\d+)"', text)
    assert found
    again = await visitor.post("/extensions/1001", form | {"version": found[1]}, htmx=True)
    assert again.status == 200
    saved = await extensions.get("1001")
    assert (saved.caller_id_name, saved.ring_time) == ("Ada", 40)


async def test_a_form_from_before_the_pin_was_changed_by_phone_does_not_write_over_it(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="4711")
    opened = await extensions.get("1001")
    await VoicemailBox.filter(mailbox="1001").update(password="2580")
    form = typed("1001", voicemail="on", voicemail_pin="9999", version=str(opened.version))
    answer = await visitor.post("/extensions/1001", form, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert "changed by phone" in text
    assert await stored_pin("1001") == "2580"


ALL_AT_ONCE = {
    "number": "Extension 2000 exists already.",
    "users": "There is no user ghost, nobody.",
    "class_of_service": "Choose one of the list.",
    "dids": "DID +491 belongs to extension 3000. DID +492 belongs to extension 3000.",
    "registration_number": "This place on the phone belongs to extension 3000.",
    "voicemail_pin": "A voicemail box needs a PIN.",
}


async def test_what_only_the_database_knows_is_told_all_at_once(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "2000")
    await add(extensions, admin, "3000", mac="0004f2a1b2c3", dids=["+491", "+492"])
    wrong = typed(
        "2000",
        users="nobody, ghost",
        class_of_service="nobody",
        dids="+491 +492 +493",
        mac="0004f2a1b2c3",
        voicemail="on",
    )
    created = await visitor.post("/extensions", wrong, htmx=True)
    assert marked(await created.text()) == ALL_AT_ONCE
    await add(extensions, admin, "1001")
    changed = await visitor.post("/extensions/1001", wrong | {"number": "1001"}, htmx=True)
    assert {"number": ALL_AT_ONCE["number"], **marked(await changed.text())} == ALL_AT_ONCE
    assert (await extensions.get("1001")).dids == []


async def test_an_error_takes_the_place_of_the_hint(visitor: Visitor) -> None:
    answer = await visitor.post("/extensions", typed(mac="zz", ring_time="45"), htmx=True)
    text = await answer.text()
    assert "mac-new-extension-error" in text
    assert "mac-new-extension-hint" not in text
    assert 'id="ring_time-new-extension-hint"' in text
