"""Invitations: sent, sent anew, revoked, expired; and what their mails do meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import EventBus, InvitationsChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail
from pbxbridge.models.people import User
from pbxbridge.models.phone import Invitation
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.claiming import Claiming, NotGood
from pbxbridge.services.invitations.expiry import Expiry
from pbxbridge.services.invitations.invitations import Invitations
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.mailing.outbox_changes import OutboxChanges
from pbxbridge.services.overview import Overview
from pbxbridge.services.secret_links import hash_of
from tests.db.mail_rows import Clock, running, until
from tests.db.people import People, audited
from tests.rig.extensions import delete_knowingly
from tests.rig.invitations import MAKE, VALID, invitations_on, link_in, mailed_token
from tests.rig.mail_catcher import MailCatcher, Refusal
from tests.web.forms import add

ADA = "ada@example.org"
HOME = "198.51.100.7"


@pytest.fixture(autouse=True)
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", "1002", **MAKE)


async def state(extensions: Extensions, number: str = "1001") -> str:
    """Return what the row shows."""
    return (await extensions.get(number)).invitation


async def test_the_mail_that_is_sent_has_the_link_and_nothing_else_has(
    invitations: Invitations,
    claiming: Claiming,
    extensions: Extensions,
    admin: Actor,
    bus: EventBus,
    outbox: MailOutbox,
    catcher: MailCatcher,
) -> None:
    assert await state(extensions) == ""
    assert await invitations.newest("1001") is None
    with bus.subscribe() as events:
        await invitations.send(admin, "1001", f" {ADA} ")
        assert InvitationsChanged() in [await events.get() for _ in range(2)]
    assert await state(extensions) == "queued"
    assert (await Overview().waiting()).invitations == 1
    async with running(outbox):
        [mail] = await catcher.wait_for(1)

        async def sent() -> bool:
            return await state(extensions) == "sent"

        await until(sent)
    assert (mail.recipient, (await Overview().waiting()).invitations) == (ADA, 0)
    token = link_in(mail.content).rpartition("/")[2]
    assert len(token) == 43, "256 bits in base64"
    await claiming.open(token, HOME)
    assert await state(extensions) == "opened"
    assert await state(extensions, "1002") == ""
    stored = [await model.all().values() for model in (Invitation, OutgoingMail, AuditEntry)]
    assert hash_of(token) in str(stored)
    assert token not in str(stored)
    [entry] = await audited("invitation.sent")
    assert (entry.actor, entry.subject, entry.after) == ("admin", "1001", {"recipient": ADA})


async def test_a_new_invitation_makes_the_one_before_worthless(
    invitations: Invitations, claiming: Claiming, extensions: Extensions, admin: Actor
) -> None:
    await invitations.send(admin, "1001", ADA)
    first = await mailed_token()
    await invitations.send(admin, "1001", "ada@example.com")
    second = await mailed_token()
    states = await OutgoingMail.all().order_by("id").values_list("state", "size")
    assert [(str(state), size > 0) for state, size in states] == [
        ("dropped", False),
        ("waiting", True),
    ]
    with pytest.raises(NotGood) as old:
        await claiming.open(first, HOME)
    assert old.value.was_good
    await claiming.open(second, HOME)
    view = await invitations.newest("1001")
    assert view is not None
    assert (view.recipient, view.state, view.is_open) == ("ada@example.com", "opened", True)
    assert await state(extensions) == "opened"


async def test_a_revoked_invitation_opens_nothing_and_its_mail_cannot_go_out(
    invitations: Invitations,
    claiming: Claiming,
    extensions: Extensions,
    admin: Actor,
    bus: EventBus,
    outbox: MailOutbox,
    catcher: MailCatcher,
) -> None:
    catcher.script.append(Refusal("550 5.1.1 no such user", "RCPT"))
    await invitations.send(admin, "1001", ADA)
    token = await mailed_token()

    async def failed() -> bool:
        return await state(extensions) == "failed"

    async with running(outbox):
        await until(failed)
    view = await invitations.newest("1001")
    assert view is not None
    assert "no such user" in view.mail_problem
    await invitations.revoke(admin, "1001")
    assert await state(extensions) == "revoked"
    for asking in (claiming.open(token, HOME), claiming.claim(token, HOME)):
        with pytest.raises(NotGood):
            await asking
    [mail] = await OutgoingMail.all()
    assert (mail.state, mail.message) == (MailState.DROPPED, b"")
    with pytest.raises(Conflict):
        await OutboxChanges(bus).send_again(admin, mail.id)
    [entry] = await audited("invitation.revoked")
    assert (entry.subject, entry.after) == ("1001", {"recipient": ADA})
    with pytest.raises(Conflict):
        await invitations.revoke(admin, "1001")
    assert len(await audited("invitation.revoked")) == 1


async def test_an_expired_invitation_is_not_mailed_any_more(
    invitations: Invitations, claiming: Claiming, admin: Actor, bus: EventBus, clock: Clock
) -> None:
    await invitations.send(admin, "1001", ADA)
    await invitations.send(admin, "1002", ADA)
    token = await mailed_token("1001")
    expiry = Expiry(bus, clock=clock)
    clock.offset += VALID - timedelta(minutes=1)
    await expiry.look()
    assert await OutgoingMail.filter(state=MailState.WAITING).count() == 2
    await claiming.look(token, HOME)
    await invitations.send(admin, "1002", ADA)
    clock.offset += timedelta(minutes=1)
    await expiry.look()
    [waiting] = await OutgoingMail.filter(state=MailState.WAITING)
    assert waiting.mailbox == "extension:1002"
    with pytest.raises(NotGood):
        await claiming.claim(token, HOME)
    view = await invitations.newest("1001")
    assert view is not None
    assert (view.state, view.can_be_revoked) == ("expired", False)
    with pytest.raises(Conflict):
        await invitations.revoke(admin, "1001")


async def test_nothing_is_stored_of_an_invitation_that_cannot_be(
    invitations: Invitations,
    extensions: Extensions,
    admin: Actor,
    bus: EventBus,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add(extensions, admin, "1003", phone_make="Polycom")
    await extensions.update(admin, "1002", {"auth_username": "boss", "auth_secret": "x" * 20})
    refusals = [("1003", ADA, ""), ("1002", ADA, ""), ("1001", "ada", "recipient")]
    refusals += [("1001", "", "recipient"), ("1001", f"{'a' * 60}@{'b.' * 100}org", "recipient")]
    for number, recipient, field in refusals:
        with pytest.raises(Invalid) as refused:
            await invitations.send(admin, number, recipient)
        assert list(refused.value.fields) == [field]
    with pytest.raises(NotFound):
        await invitations.send(admin, "7777", ADA)
    with pytest.raises(Invalid, match="PBXBRIDGE_WEB__PUBLIC_URL"):
        await invitations_on(bus, clock, public_url="").send(admin, "1001", ADA)

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a disk that is full")

    await invitations.send(admin, "1001", ADA)
    monkeypatch.setattr("pbxbridge.services.invitations.invitations.OutgoingMail.save", fail)
    with pytest.raises(RuntimeError):
        await invitations.send(admin, "1001", ADA)
    assert await Invitation.all().count() == 1
    assert await state(extensions) == "queued", "the one before is as it was"
    assert len(await audited("invitation.sent")) == 1


async def test_the_dialog_suggests_the_voicemail_address_then_a_user_s(
    invitations: Invitations, extensions: Extensions, admin: Actor, people: People
) -> None:
    async def suggested() -> str:
        return await invitations.suggested_recipient(await extensions.get("1001"))

    assert await suggested() == ""
    await people.add("aaron")
    await people.add("ada", email="ada@pbx.local")
    await extensions.update(admin, "1001", {"users": ["ada", "aaron"]})
    assert await User.filter(login="aaron", email="").exists()
    assert await suggested() == "ada@pbx.local"
    box = {"voicemail": True, "voicemail_pin": "8642", "voicemail_email": f"{ADA}, x@example.org"}
    await extensions.update(admin, "1001", box)
    assert await suggested() == ADA


async def test_with_its_extension_an_invitation_is_gone(
    invitations: Invitations, claiming: Claiming, extensions: Extensions, admin: Actor
) -> None:
    await invitations.send(admin, "1001", ADA)
    token = await mailed_token()
    visit = await claiming.claim(token, HOME)
    await invitations.send(admin, "1001", ADA)
    await delete_knowingly(extensions, admin, "1001")
    assert not await Invitation.all().exists()
    assert await OutgoingMail.filter(kind=MailKind.INVITATION, size__gt=0).count() == 0
    with pytest.raises(NotGood):
        await claiming.open(token, HOME)
    assert await claiming.visited(token, HOME, visit) is None
