"""Deleting an extension: everything that uses it is named, and must be ticked."""

import html
import json
import re

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.forms import add, numbers
from tests.web.visitor import Visitor


def asked(page: str) -> dict[str, bool]:
    """Return the names of the tick boxes, and which of them are ticked."""
    boxes = re.findall(r'<input type="checkbox" name="(known-[^"]*)" required( checked)?>', page)
    return {html.unescape(name): bool(ticked) for name, ticked in boxes}


async def test_what_nothing_uses_is_deleted_after_one_question(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002")
    question = await (await visitor.get("/extensions/1001/delete", htmx=True)).text()
    assert asked(question) == {}
    assert "voicemail box" not in question
    assert await numbers(extensions) == ["1001", "1002"]
    answer = await visitor.post("/extensions/1001/delete", htmx=True)
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "Extension deleted"}}
    assert await numbers(extensions) == ["1002"]


async def test_the_question_names_what_is_lost_and_what_uses_the_extension(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    box = {"voicemail": True, "voicemail_pin": "4711"}
    await add(extensions, admin, "1001", mac="0004f2a1b2c3", dids=["+441632960001"], **box)
    place = {"mac": "0004f2a1b2c3", "registration_number": 2}
    await add(extensions, admin, "1002", device_type="SIP-VIRTUAL", **place)
    await add(extensions, admin, "1003", forward_all="1001")
    question = await (await visitor.get("/extensions/1001/delete", htmx=True)).text()
    assert list(asked(question)) == [
        "known-sip-virtual:1002",
        "known-mailbox:1001",
        "known-did:+441632960001",
        "known-forward:1003",
    ]
    assert "its voicemail box, with every message in it" in question
    assert "SIP-VIRTUAL extension 1002, with all that belongs to it" in question


async def test_without_every_tick_nothing_is_deleted_and_what_is_new_is_marked(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    await add(extensions, admin, "1002", forward_all="1001")
    await add(extensions, admin, "1003", twinning_number="1001")
    ticked = {"known-forward:1002": "on"}
    answer = await visitor.post("/extensions/1001/delete", ticked, htmx=True)
    again = await answer.text()
    assert answer.status == 422
    assert "Nothing was deleted." in again
    assert asked(again) == {"known-forward:1002": True, "known-twin:1003": False}
    assert re.findall(r'([^<>]*) <span class="tag">new', again) == [
        "Extension 1003 rings 1001 too."
    ]
    assert await numbers(extensions) == ["1001", "1002", "1003"]
    both = dict.fromkeys(asked(again), "on")
    assert (await visitor.post("/extensions/1001/delete", both)).status == 303
    assert await numbers(extensions) == ["1002", "1003"]
    assert (await extensions.get("1002")).forward_all == ""
