"""The same change to many extensions: chosen rows or all that match, all or none."""

import html
import json
import re

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.forms import add
from tests.web.visitor import Visitor

BULK = "/extensions/change-many"


def chosen(panel: str) -> list[str]:
    """Return the numbers that the panel is about."""
    found = re.search(r'name="numbers" value="([^"]*)"', panel)
    return found[1].split() if found else []


async def test_the_panel_is_about_the_chosen_rows_or_all_that_match(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002", "2001")
    some = await visitor.get(f"{BULK}?which=chosen&numbers=1001&numbers=2001", htmx=True)
    assert chosen(await some.text()) == ["1001", "2001"]
    found = await visitor.get(f"{BULK}?which=all&search=100", htmx=True)
    assert chosen(await found.text()) == ["1001", "1002"]
    every = await visitor.get(f"{BULK}?which=all", htmx=True)
    assert chosen(await every.text()) == ["1001", "1002", "2001"]
    none = await (await visitor.get(f"{BULK}?which=chosen", htmx=True)).text()
    assert "Nothing is chosen" in none


async def test_only_what_is_ticked_is_changed_and_the_number_is_told(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002", "1003", phone_group="sales")
    form = {
        "numbers": "1001 1003",
        "change-ring_time": "on",
        "ring_time": "45",
        "change-do_not_disturb": "on",
        "do_not_disturb": "on",
        "change-forward_busy": "on",
        "forward_busy": "1002",
        "phone_group": "not ticked",
    }
    answer = await visitor.post(BULK, form, htmx=True)
    assert answer.status == 200
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "2 extensions changed"}}
    for number, ring_time in (("1001", 45), ("1002", None), ("1003", 45)):
        saved = await extensions.get(number)
        assert (saved.ring_time, saved.phone_group) == (ring_time, "sales")
        assert saved.do_not_disturb is (ring_time == 45)
    assert (await visitor.post(BULK, form)).headers["Location"] == "/extensions?notice=all-saved"


async def test_a_ticked_empty_field_is_emptied(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", phone_group="sales", ring_time=30)
    form = {"numbers": "1001", "change-phone_group": "on", "change-ring_time": "on"}
    form |= {"phone_group": "", "ring_time": ""}
    assert (await visitor.post(BULK, form, htmx=True)).status == 200
    saved = await extensions.get("1001")
    assert (saved.phone_group, saved.ring_time) == ("", None)


async def test_users_take_the_place_of_the_present_ones_and_voicemail_can_be_switched_off(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(
        extensions, admin, "1001", "1002", voicemail=True, voicemail_pin="4711", users=["admin"]
    )
    form = {"numbers": "1001 1002", "change-users": "on", "users": "user, operator"}
    form |= {"change-voicemail": "on", "voicemail": "off"}
    assert (await visitor.post(BULK, form, htmx=True)).status == 200
    for number in ("1001", "1002"):
        saved = await extensions.get(number)
        assert (saved.users, saved.voicemail) == (["operator", "user"], False)


async def test_if_one_cannot_be_saved_none_is_and_it_is_named(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002", "1003")
    form = {"numbers": "1001 1002 1003", "change-forward_all": "on", "forward_all": "1002"}
    answer = await visitor.post(BULK, form, htmx=True)
    panel = html.unescape(await answer.text())
    assert answer.status == 422
    assert chosen(panel) == ["1001", "1002", "1003"]
    assert re.findall(r"<li>([^<]*)<span class=\"of\">\(([^)]*)\)", panel) == [
        ("All Call Forward: An extension cannot be forwarded to itself. ", "1002")
    ]
    assert 'name="change-forward_all" checked' in panel
    assert 'name="forward_all" value="1002"' in panel
    assert {(await extensions.get(number)).forward_all for number in chosen(panel)} == {""}


async def test_a_mistake_that_many_have_is_told_once(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, *(str(number) for number in range(1001, 1013)))
    numbers = " ".join(str(number) for number in range(1001, 1013))
    form = {"numbers": numbers, "change-ring_time": "on", "ring_time": "1"}
    panel = await (await visitor.post(BULK, form, htmx=True)).text()
    assert panel.count("Ring time: Enter 5 to 300 seconds.") == 1
    assert "1008 and 4 more" in panel


async def test_without_a_tick_nothing_happens(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    form = {"numbers": "1001", "ring_time": "30"}
    answer = await visitor.post(BULK, form, htmx=True)
    assert answer.status == 422
    assert "Tick what you want to change." in await answer.text()
    assert (await extensions.get("1001")).version == 1


async def test_more_than_a_transaction_should_hold_is_refused(visitor: Visitor) -> None:
    numbers = " ".join(str(number) for number in range(10_000, 10_501))
    form = {"numbers": numbers, "change-ring_time": "on", "ring_time": "30"}
    answer = await visitor.post(BULK, form, htmx=True)
    assert answer.status == 422
    assert "At most 500 extensions" in await answer.text()
