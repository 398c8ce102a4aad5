"""What the editor shows of how an extension's device was."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from pbxbridge.models.node import StateChange
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from tests.db.told_states import Told
from tests.rig.extensions import delete_knowingly
from tests.web.visitor import Visitor
from web.device_history import percentage

EDITOR = "/extensions/1001/edit"


@pytest.fixture
async def told(extensions: Extensions, admin: Actor) -> Told:
    """An extension, and a node that tells of it: 1001 was there 12 hours, and then was not."""
    await extensions.create(admin, parse_extension({"number": "1001", "caller_id_name": "Ada"}))
    told = Told(now=datetime.now(UTC) - timedelta(hours=24))
    await told.link()
    await told.say({"1001": "OK"}, ip="192.0.2.7")
    told.after(hours=12)
    await told.say({"1001": "UNREACHABLE"}, ip="192.0.2.7")
    return told


def history(page: str) -> str:
    found = re.search(r'<section class="history".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


async def test_the_editor_shows_since_when_and_where(operator: Visitor, told: Told) -> None:
    shown = history(await (await operator.get(EDITOR, htmx=True)).text())
    assert "UNREACHABLE since" in shown
    assert f'datetime="{told.now.isoformat()}"' in shown
    assert "192.0.2.7:5060" in shown
    assert "Interruptions in 30 days</dt><dd>1<" in shown


async def test_the_picture_says_in_words_what_it_shows(visitor: Visitor, told: Told) -> None:
    shown = history(await (await visitor.get(EDITOR)).text())
    assert 'role="img" aria-label="Last 24 hours: answered 50 %, did not answer 50 %"' in shown
    assert 24 <= shown.count('<rect class="answers"') <= 25
    assert 24 <= shown.count('<rect class="silent"') <= 25


async def test_the_changes_are_listed_newest_first(visitor: Visitor, told: Told) -> None:
    await told.say({"1001": ""})
    shown = history(await (await visitor.get(EDITOR)).text())
    words = re.findall(r">(OK|UNREACHABLE|not registered)<", shown.partition("<tbody>")[2])
    assert words == ["not registered", "UNREACHABLE", "OK"]


async def test_a_device_that_was_never_there_has_no_history(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await extensions.create(admin, parse_extension({"number": "1001", "caller_id_name": "Ada"}))
    assert "Nothing was heard of this device yet." in await (await visitor.get(EDITOR)).text()


async def test_where_no_device_is_there_is_no_history(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    fields = {"number": "1001", "caller_id_name": "Ada", "device_type": "VIRTUAL"}
    box = {"voicemail": True, "voicemail_pin": "4711"}
    await extensions.create(admin, parse_extension(fields | box))
    assert "Device history" not in await (await visitor.get(EDITOR)).text()


async def test_of_several_nodes_only_those_where_it_was_are_shown(
    visitor: Visitor, told: Told
) -> None:
    for node, status in (("branch", "OK"), ("nowhere", "")):
        other = Told(node=node, now=told.now)
        await other.link()
        await other.say({"1001": status})
    shown = history(await (await visitor.get(EDITOR)).text())
    assert re.findall(r"Asterisk (\w+)<", shown) == ["branch", "asterisk"]


async def test_a_user_does_not_see_it(person: Visitor, told: Told) -> None:
    assert (await person.get(EDITOR)).status == 403


async def test_a_deleted_extension_leaves_no_history_to_the_next_of_its_number(
    visitor: Visitor, extensions: Extensions, admin: Actor, told: Told
) -> None:
    await delete_knowingly(extensions, admin, "1001")
    assert not await StateChange.exists()


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.00001, "0.1 %"), (0.99999, "99.9 %")],
)
def test_only_nothing_is_nothing_and_only_all_is_all(share: float, words: str) -> None:
    assert percentage(share) == words
