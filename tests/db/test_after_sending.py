"""What becomes of a message once it was mailed, and that nothing happens to it before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.events import EventBus, LinkChanged, OutboxChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import AfterSending as Wish
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.voicemail import after_sending
from pbxbridge.services.voicemail.after_sending import AfterSending
from pbxbridge.services.voicemail.inbox import VoicemailInbox
from pbxbridge.services.voicemail.spool import VoicemailSpool
from tests.db.mail_rows import Clock, running, until
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.relaying import relay_for
from tests.rig.voicemail_files import leave_message

BOX = "1002"


@pytest.fixture
def link(tmp_path: Path, bus: EventBus) -> VoicemailLink:
    return VoicemailLink(tmp_path / "voicemail", bus)


@pytest.fixture
def service(database: str, link: VoicemailLink, bus: EventBus, clock: Clock) -> AfterSending:
    spool = VoicemailSpool(link.spool)
    inbox = VoicemailInbox(spool, MailboxActions(link), relay_for(bus, spool).settled)
    return AfterSending(bus, inbox, clock=clock, jitter=lambda: 0.5)


async def mailed(
    msg_id: str, wish: Wish, *states: MailState, mailbox: str = BOX
) -> list[OutgoingMail]:
    """Store mails of a message, one for each state; sent, if none is told."""
    return [
        await OutgoingMail.create(
            dedupe_key=f"{mailbox}:{msg_id}:{place}",
            mailbox=mailbox,
            msg_id=msg_id,
            recipient=f"{place}@example.org",
            message_id=f"<{msg_id}@pbx.local>",
            state=state,
            after_sending=wish,
            message=b"",
            next_attempt_at=datetime.now(UTC),
        )
        for place, state in enumerate(states or (MailState.SENT,))
    ]


def there(link: VoicemailLink, mailbox: str = BOX) -> dict[str, str]:
    """Return the folder of each message."""
    found = {}
    for description in (link.spool / "default" / mailbox).glob("*/msg*.txt"):
        (msg_id,) = [line for line in description.read_text().splitlines() if "msg_id=" in line]
        found[msg_id.removeprefix("msg_id=")] = description.parent.name
    return found


async def undone() -> int:
    return await OutgoingMail.exclude(after_sending=Wish.KEEP).count()


async def test_each_message_is_treated_as_its_box_wants(
    service: AfterSending, link: VoicemailLink
) -> None:
    for wish in Wish:
        leave_message(link.spool, wish.value)
        await mailed(wish.value, wish)
    await service.step()
    assert there(link) == {"keep": "INBOX", "heard": "Old"}
    assert await undone() == 0
    audited = await AuditEntry.all().order_by("id").values_list("actor", "action", "subject")
    assert audited == [
        ("bridge", "voicemail.heard", BOX),
        ("bridge", "voicemail.deleted", BOX),
    ]


@pytest.mark.parametrize("state", [MailState.WAITING, MailState.HELD, MailState.DEAD])
async def test_a_message_stays_until_its_mail_to_each_address_is_sent(
    service: AfterSending, link: VoicemailLink, state: MailState
) -> None:
    leave_message(link.spool, "one")
    _, other = await mailed("one", Wish.DELETE, MailState.SENT, state)
    await service.step()
    assert there(link) == {"one": "INBOX"}
    await OutgoingMail.filter(id=other.id).update(state=MailState.SENT)
    await service.step()
    assert there(link) == {}
    assert await undone() == 0


async def test_no_other_message_is_taken_for_the_mailed_one(
    service: AfterSending, link: VoicemailLink
) -> None:
    leave_message(link.spool, "another")
    leave_message(link.spool, "one", mailbox="1003")
    await mailed("one", Wish.DELETE)
    await service.step()
    assert (there(link), there(link, "1003")) == ({"another": "INBOX"}, {"one": "INBOX"})
    assert await undone() == 0


@pytest.mark.parametrize(
    ("folder", "wish", "after"),
    [
        ("Old", Wish.HEARD, {"one": "Old"}),
        ("Family", Wish.HEARD, {"one": "Family"}),
        ("Old", Wish.DELETE, {}),
        ("Family", Wish.DELETE, {"one": "Family"}),
    ],
)
async def test_what_somebody_saved_by_phone_stays(
    service: AfterSending, link: VoicemailLink, folder: str, wish: Wish, after: dict[str, str]
) -> None:
    leave_message(link.spool, "one", folder=folder)
    await mailed("one", wish)
    await service.step()
    assert there(link) == after
    assert await undone() == 0


async def test_a_box_in_use_is_tried_again_and_holds_up_no_other(
    service: AfterSending, link: VoicemailLink, clock: Clock
) -> None:
    for mailbox in (BOX, "1003"):
        leave_message(link.spool, "one", mailbox=mailbox)
        await mailed("one", Wish.DELETE, mailbox=mailbox)
    link.listening.append(f"{BOX}@default")
    assert await service.step() == pytest.approx(5, abs=0.5)
    assert (there(link), there(link, "1003")) == ({"one": "INBOX"}, {})
    link.listening.clear()
    link.asked.clear()
    await service.step()
    assert link.asked == []  # not before the pause is over
    clock.offset = timedelta(seconds=6)
    await service.step()
    assert there(link) == {}


async def test_after_a_fault_at_one_box_the_others_go_on(
    service: AfterSending, link: VoicemailLink
) -> None:
    leave_message(link.spool, "one")
    await mailed("one", Wish.DELETE, mailbox="../1001")
    await mailed("one", Wish.DELETE)
    await service.step()
    assert there(link) == {}


async def test_when_asterisk_is_back_what_was_due_is_done_at_once(
    service: AfterSending, link: VoicemailLink, bus: EventBus
) -> None:
    leave_message(link.spool, "one")
    await mailed("one", Wish.HEARD)
    link.up = False
    async with running(service):

        async def asked() -> bool:
            return "CoreShowChannels" in link.asked

        await until(asked)
        assert there(link) == {"one": "INBOX"}
        link.up = True
        bus.publish(LinkChanged("asterisk", up=True, since=datetime.now(UTC), reason=""))

        async def done() -> bool:
            return await undone() == 0

        await until(done)
    assert there(link) == {"one": "Old"}


async def test_it_is_done_when_the_outbox_tells_of_a_change(
    service: AfterSending, link: VoicemailLink, bus: EventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(after_sending, "SETTLE_SECONDS", 0.01)
    async with running(service):
        leave_message(link.spool, "one")
        await mailed("one", Wish.DELETE)

        async def gone() -> bool:
            bus.publish(OutboxChanged())
            return there(link) == {}

        await until(gone)
