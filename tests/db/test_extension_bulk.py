"""The same change to many extensions: all or none, and in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.population import numbers, populate
from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import EventBus, ExtensionSaved
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.database import open_database
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.transfer.writing import PlanWriter
from tests.db.statements import statements
from tests.fakes.recording_bus import RecordingBus
from tests.rig.calling import open_the_outside
from tests.rig.extensions import extensions_on
from tests.rig.transfer import contents
from tests.web.forms import add

pytestmark = pytest.mark.usefixtures("_outside")

MAC, OTHER = "0004f2a1b2c3", "0004f2ffffff"


async def three(extensions: Extensions, admin: Actor) -> None:
    """A phone with a mailbox, one on IAX2, one with no device; and two users."""
    for login in ("alice", "bob"):
        await User.create(login=login, password_hash="")
    box = {"voicemail": True, "voicemail_pin": "4321", "voicemail_email": "a@example.com"}
    await add(extensions, admin, "1", users="alice", secret="a-secret-of-one", **box)
    await add(
        extensions, admin, "2", device_type="IAX2", secret="a-secret-of-two", forward_busy="9"
    )
    await add(extensions, admin, "3", device_type="VIRTUAL", forward_all="9")


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


async def test_many_are_changed_together_or_not_at_all(
    extensions: Extensions, admin: Actor
) -> None:
    await three(extensions, admin)
    changed = await extensions.update_many(admin, ["2", "1", "2"], {"phone_group": "Sales"})
    assert [(view.number, view.phone_group) for view in changed] == [("2", "Sales"), ("1", "Sales")]
    before = await contents()
    wrong = await refusal(extensions.update_many(admin, ["1", "3"], {"forward_all": "3"}))
    assert wrong == {"3: forward_all": "An extension cannot be forwarded to itself."}
    with pytest.raises(NotFound, match="no extension 4"):
        await extensions.update_many(admin, ["1", "4"], {"phone_group": "Support"})
    assert await contents() == before


CHANGES: Sequence[dict[str, Any]] = (
    {"phone_group": "Sales", "class_of_service": "internal", "forward_no_answer": "+4930"},
    {"users": "bob", "monitored": "no", "do_not_disturb": "on", "ring_time": "30"},
    {"users": [], "voicemail": False, "forward_all": "8"},
    {"voicemail": True, "voicemail_pin": "9988", "voicemail_email": "b@example.com c@x.de"},
    {"voicemail_audio": "link", "voicemail_after_sending": "heard", "voicemail_language": "de"},
    {"device_type": "IAX2", "secret": "a-secret-of-iax"},
    {"device_type": "SIP", "secret": "a-secret-of-all"},
    {"phone_group": "Sales"},
)


async def test_it_leaves_what_saving_one_by_one_leaves(
    extensions: Extensions, admin: Actor, elsewhere: str
) -> None:
    await three(extensions, admin)
    many = []
    for changes in CHANGES:
        await extensions.update_many(admin, ["1", "2", "3"], changes)
        many.append(await contents())

    async with open_database(elsewhere):
        await open_the_outside()
        single = extensions_on(EventBus())
        await three(single, admin)
        for changes, expected in zip(CHANGES, many, strict=True):
            for number in ("1", "2", "3"):
                await single.update(admin, number, changes)
            assert expected == await contents(), changes


async def test_a_form_that_shows_the_extensions_of_a_user_is_stale_after_it(
    extensions: Extensions, admin: Actor
) -> None:
    await three(extensions, admin)
    before = {user.login: user.version for user in await User.all()}
    await extensions.update_many(admin, ["1", "2"], {"users": "bob alice"})
    await extensions.update_many(admin, ["1", "2"], {"users": "alice"})
    after = {user.login: user.version - before[user.login] for user in await User.all()}
    assert after == {"alice": 1, "bob": 2}


async def test_all_that_is_wrong_is_told_of_each(extensions: Extensions, admin: Actor) -> None:
    await three(extensions, admin)
    await add(extensions, admin, "5", dids="4930100", mac=MAC)
    wrong = await refusal(
        extensions.update_many(
            admin,
            ["1", "2", "3"],
            {"users": "eve", "forward_all": "3", "class_of_service": "world"},
        )
    )
    assert wrong == {
        "1: users": "There is no user eve.",
        "2: users": "There is no user eve.",
        "1: class_of_service": "Choose one of internal.",
        "2: class_of_service": "Choose one of internal.",
        "3: forward_all": "An extension cannot be forwarded to itself.",
    }
    wrong = await refusal(extensions.update_many(admin, ["1", "2"], {"dids": "4930100"}))
    assert set(wrong.values()) == {"DID 4930100 belongs to extension 5."}
    wrong = await refusal(extensions.update_many(admin, ["1", "2"], {"dids": "4930200"}))
    assert wrong == {"2: dids": "DID 4930200 belongs to extension 1."}
    wrong = await refusal(extensions.update_many(admin, ["1"], {"voicemail_pin": "1"}))
    assert list(wrong) == ["1: voicemail_pin"]
    wrong = await refusal(extensions.update_many(admin, ["3"], {"voicemail": True}))
    assert wrong == {"3: voicemail_pin": "A voicemail box needs a PIN."}


async def test_there_must_be_licences_for_all(bus: EventBus, admin: Actor, database: str) -> None:
    extensions = extensions_on(bus, licences=3)
    await three(extensions, admin)
    await add(extensions, admin, "4", device_type="VIRTUAL", forward_all="9")
    to_sip = {"device_type": "SIP"}
    wrong = await refusal(extensions.update_many(admin, ["1", "3", "4"], to_sip))
    assert list(wrong) == ["4: device_type"]
    await extensions.update_many(admin, ["1", "3"], to_sip)
    assert (await extensions.licences()).used == 3


async def test_a_new_phone_takes_its_virtual_extensions_along(
    extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", mac=MAC)
    virtual = {"device_type": "SIP-VIRTUAL", "mac": MAC, "registration_number": 2}
    await add(extensions, admin, "1002", **virtual)
    bus = RecordingBus()
    recorded = extensions_on(bus)
    (shown,) = await recorded.update_many(admin, ["1001"], {"mac": OTHER})
    assert (shown.number, shown.mac) == ("1001", OTHER)
    assert (await extensions.get("1002")).mac == OTHER
    saved = {event.number for event in bus.published if isinstance(event, ExtensionSaved)}
    assert saved == {"1001", "1002"}
    left = "SIP-VIRTUAL 1002 would be on no device. Move that, too."
    assert await refusal(recorded.update_many(admin, ["1001"], {"mac": ""})) == {"1001: mac": left}
    await add(extensions, admin, "1003", mac=MAC, registration_number=2)
    taken = "This place on the phone belongs to extension 1003."
    assert await refusal(recorded.update_many(admin, ["1001"], {"mac": MAC})) == {
        "1001: mac": f"SIP-VIRTUAL 1002 cannot come along: {taken}"
    }


async def test_what_is_changed_between_the_look_and_the_change_is_looked_at_again(
    extensions: Extensions, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await three(extensions, admin)
    write, times = PlanWriter.write, 0

    async def overtaken(self: PlanWriter, *plan: Any) -> None:
        nonlocal times
        times += 1
        if times in disturbed:
            await extensions.update(admin, "2", {"phone_make": f"Make {times}"})
        await write(self, *plan)

    monkeypatch.setattr(PlanWriter, "write", overtaken)
    disturbed: Sequence[int] = [1]
    await extensions.update_many(admin, ["1", "2"], {"phone_group": "Sales"})
    view = fields_of(await extensions.get("2"))
    assert (times, view["phone_make"], view["phone_group"]) == (2, "Make 1", "Sales")
    disturbed = range(100)
    with pytest.raises(Conflict, match="Try again"):
        await extensions.update_many(admin, ["1", "2"], {"phone_group": "Support"})
    assert not await Extension.filter(phone_group="Support").exists()


@pytest.mark.sqlite
async def test_the_transaction_of_many_reads_no_more_than_that_of_few(
    extensions: Extensions, admin: Actor
) -> None:
    await populate(200)
    await User.create(login="alice", password_hash="")
    changes = {"caller_id_name": "Everybody", "users": "alice", "do_not_disturb": True}
    every = [str(number) for number in numbers(200)]
    reads = []
    for some in (every[:2], every[2:]):
        async with statements() as seen:
            await extensions.update_many(admin, some, changes)
        inside = seen[seen.index("BEGIN IMMEDIATE") : len(seen) - seen[::-1].index("COMMIT")]
        reads.append(len([each for each in inside if each.startswith("SELECT")]))
        # Nothing is new: the index for the search goes on learning by its triggers.
        assert not [each for each in inside if "TRIGGER" in each]
    assert reads[0] == reads[1] < 20
    assert await AuditEntry.filter(action="extension.changed").count() == 200
