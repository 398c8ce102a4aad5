"""A forgotten password: the code by mail, who gets one, and what guessing at it does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from pbxbridge.errors import Forbidden, Invalid, SecondFactorNeeded, TooManyAttempts
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.models.people import PasswordReset as StoredReset
from pbxbridge.models.people import User
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.password_reset import HOUR, PasswordReset
from pbxbridge.services.reset_code import ALPHABET, hash_of_code, is_code, new_code
from pbxbridge.services.sign_in_limit import WINDOW_SECONDS
from tests.db.mail_rows import Clock, running, until
from tests.db.people import ELSEWHERE, HOME, PASSWORD, People, Ticks, audited
from tests.rig.mail_catcher import MailCatcher

ADDRESS = "ada@pbx.local"
NEW = "another horse battery"
WRONG = "AAAA-AAAA-AAAA"


@pytest.fixture
async def reset(
    database: str, bus: EventBus, check: PasswordCheck, clock: Clock, ticks: Ticks
) -> AsyncIterator[PasswordReset]:
    service = PasswordReset(bus, check, sender="portal@pbx.local", clock=clock, ticks=ticks)
    async with running(service):
        yield service


@pytest.fixture
async def ada(people: People) -> User:
    return await people.add("ada", email=ADDRESS)


def code_in(message: bytes) -> str:
    """Return the code that the mail shows."""
    body = message_from_bytes(message, policy=policy.default).get_body()
    assert body is not None
    text = body.get_content().replace("\r", "")
    [code] = re.findall(r"^ +([A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4})$", text, re.M)
    return str(code)


async def asked(reset: PasswordReset, login: str = "ada", address: str = HOME) -> str:
    """Ask for a code, and return it from the mail that waits."""
    answers = await AuditEntry.filter(action="user.password-reset-asked").count()
    await reset.ask(login, address)

    async def answered() -> bool:
        entries = await AuditEntry.filter(action="user.password-reset-asked").count()
        return entries > answers

    await until(answered)
    waiting = await OutgoingMail.filter(state=MailState.WAITING)
    mails = [mail for mail in waiting if mail.mailbox == f"user:{login}"]
    return code_in(mails[-1].message) if mails else ""


def test_a_code_is_sixty_random_bits_and_is_read_however_it_is_typed() -> None:
    code = new_code()
    assert len(set(code) - {"-"} - set(ALPHABET)) == 0
    assert 2 ** (5 * len(code.replace("-", ""))) == 2**60
    assert len({new_code() for _ in range(1000)}) == 1000
    stored = hash_of_code("OIBA-BCDE-FGHJ")
    for typed in ("OIBA-BCDE-FGHJ", "oibabcdefghj", " 018a bcde fghj ", "018a\u2013bcde\u2013fghj"):
        assert is_code(stored, typed)
    for typed in ("", "OIBA-BCDE-FGHK", "OIBA-BCDE-FGHJ-A", "\ud800"):
        assert not is_code(stored, typed)


async def test_the_code_arrives_and_sets_a_new_password(
    reset: PasswordReset, accounts: Accounts, ada: User, outbox: MailOutbox, catcher: MailCatcher
) -> None:
    session = await accounts.sign_in("ada", PASSWORD, ELSEWHERE)
    async with running(outbox):
        await reset.ask(" Ada ", HOME)
        [mail] = await catcher.wait_for(1)
    assert (mail.message["To"], mail.message["From"]) == (
        ADDRESS,
        "Phone portal <portal@pbx.local>",
    )
    code = code_in(mail.message.as_bytes())
    text = mail.message.get_content()
    assert "ada" in text
    assert "http" not in text
    await reset.complete("ADA", code.lower(), NEW, NEW, HOME)
    assert await accounts.session(session) is None
    assert await accounts.sign_in("ada", NEW, HOME)
    with pytest.raises(Forbidden):
        await accounts.sign_in("ada", PASSWORD, HOME)
    [entry] = await audited("user.password-reset-completed")
    assert (entry.actor, entry.subject, entry.address) == ("ada", "ada", HOME)
    everything = str(await AuditEntry.all().values())
    assert code not in everything
    assert code.replace("-", "") not in everything


async def test_only_a_hash_of_the_code_is_kept_once_the_mail_is_sent(
    reset: PasswordReset, ada: User, outbox: MailOutbox, catcher: MailCatcher
) -> None:
    code = await asked(reset)
    async with running(outbox):
        await catcher.wait_for(1)

        async def sent() -> bool:
            return await OutgoingMail.filter(state=MailState.SENT).exists()

        await until(sent)
    stored = str(await StoredReset.all().values()) + str(await OutgoingMail.all().values())
    assert hash_of_code(code) in stored
    assert code not in stored


async def test_a_one_time_password_is_replaced_too(
    reset: PasswordReset, accounts: Accounts, ada: User
) -> None:
    await User.filter(id=ada.id).update(must_change_password=True)
    await reset.complete("ada", await asked(reset), NEW, NEW, HOME)
    signed_in = await accounts.session(await accounts.sign_in("ada", NEW, HOME))
    assert signed_in is not None
    assert not signed_in.must_change_password


async def test_the_second_factor_stays_on(
    reset: PasswordReset, accounts: Accounts, ada: User
) -> None:
    await User.filter(id=ada.id).update(totp_secret="A" * 32)
    await reset.complete("ada", await asked(reset), NEW, NEW, HOME)
    with pytest.raises(SecondFactorNeeded):
        await accounts.sign_in("ada", NEW, HOME)


async def test_who_does_not_exist_or_has_no_address_gets_nothing_and_the_same_answer(
    reset: PasswordReset, people: People, ada: User
) -> None:
    await people.add("grace")
    for login in ("grace", "nobody", "", "\x00", "x" * 500, "\ud800"):
        await asked(reset, login)
        with pytest.raises(Invalid) as refused:
            await reset.complete(login, WRONG, NEW, NEW, HOME)
        unknown = refused.value.fields
    assert not await OutgoingMail.all().exists()
    assert not await StoredReset.all().exists()
    await asked(reset)
    with pytest.raises(Invalid) as refused:
        await reset.complete("ada", WRONG, NEW, NEW, HOME)
    assert refused.value.fields == unknown
    assert list(unknown) == ["code"]


async def test_asking_is_answered_before_anything_is_looked_up(
    database: str, bus: EventBus, check: PasswordCheck, ada: User
) -> None:
    """So it takes the same time, whoever is asked for: nobody works off the queue here."""
    reset = PasswordReset(bus, check, sender="portal@pbx.local")
    for login in ("ada", "nobody"):
        asking = reset.ask(login, HOME)
        with pytest.raises(StopIteration):
            asking.send(None)  # it ran to its end without ever waiting
    assert not await StoredReset.all().exists()


@pytest.mark.parametrize("late", [False, True])
async def test_a_code_is_good_for_half_an_hour(
    reset: PasswordReset, ada: User, clock: Clock, late: bool
) -> None:
    code = await asked(reset)
    clock.offset += timedelta(minutes=31 if late else 29)
    if not late:
        await reset.complete("ada", code, NEW, NEW, HOME)
        return
    with pytest.raises(Invalid) as refused:
        await reset.complete("ada", code, NEW, NEW, HOME)
    assert list(refused.value.fields) == ["code"]


async def test_a_code_is_good_once(reset: PasswordReset, ada: User) -> None:
    code = await asked(reset)
    outcomes = await asyncio.gather(
        *(reset.complete("ada", code, NEW, NEW, HOME) for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes].count(type(None)) == 1
    assert len(await audited("user.password-reset-completed")) == 1


async def test_only_the_latest_code_is_good(reset: PasswordReset, ada: User) -> None:
    first = await asked(reset)
    second = await asked(reset)
    # The mail that still waited, with the first code, is not sent any more.
    assert await OutgoingMail.filter(mailbox="user:ada").count() == 1
    with pytest.raises(Invalid):
        await reset.complete("ada", first, NEW, NEW, HOME)
    await reset.complete("ada", second, NEW, NEW, HOME)


async def test_five_wrong_codes_end_it(reset: PasswordReset, ada: User) -> None:
    code = await asked(reset)
    outcomes = await asyncio.gather(
        *(reset.complete("ada", WRONG, NEW, NEW, f"203.0.113.{n}") for n in range(5)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Invalid] * 5
    with pytest.raises(Invalid):
        await reset.complete("ada", code, NEW, NEW, HOME)
    assert len(await audited("user.password-reset-refused")) == 6


async def test_guessing_at_codes_is_limited(reset: PasswordReset, ada: User, ticks: Ticks) -> None:
    for _ in range(5):
        with pytest.raises(Invalid):
            await reset.complete("ada", WRONG, NEW, NEW, ELSEWHERE)
    with pytest.raises(TooManyAttempts):
        await reset.complete("ada", WRONG, NEW, NEW, ELSEWHERE)
    await reset.complete("ada", await asked(reset), NEW, NEW, HOME)
    ticks.now += WINDOW_SECONDS
    with pytest.raises(Invalid):
        await reset.complete("ada", WRONG, NEW, NEW, ELSEWHERE)


async def test_who_was_locked_out_signs_in_at_once_with_the_new_password(
    reset: PasswordReset, accounts: Accounts, ada: User
) -> None:
    for _ in range(5):
        with pytest.raises(Forbidden):
            await accounts.sign_in("ada", "wrong", HOME)
    await reset.complete("ada", await asked(reset), NEW, NEW, HOME)
    assert await accounts.sign_in("ada", NEW, HOME)


async def test_asking_is_limited_whoever_is_asked_for(
    reset: PasswordReset, ada: User, ticks: Ticks
) -> None:
    for login in ("ada", "nobody"):
        for _ in range(3):
            await reset.ask(login, ELSEWHERE)
        with pytest.raises(TooManyAttempts) as refused:
            await reset.ask(login, ELSEWHERE)
        assert refused.value.retry_after == HOUR
    await reset.ask("ada", HOME)
    for number in range(6):
        await reset.ask("ada", f"203.0.113.{number}")
    with pytest.raises(TooManyAttempts):
        await reset.ask("ada", "203.0.113.99")
    ticks.now += HOUR
    await reset.ask("ada", ELSEWHERE)


@pytest.mark.parametrize(
    ("new", "repeat", "field"),
    [("short", "short", "new"), ("ada.lovelace", "ada.lovelace", "new"), (NEW, "other", "repeat")],
)
async def test_a_bad_new_password_is_refused_and_the_code_stays_good(
    reset: PasswordReset, people: People, new: str, repeat: str, field: str
) -> None:
    await people.add("ada.lovelace", email=ADDRESS)
    code = await asked(reset, "ada.lovelace")
    for _ in range(6):
        with pytest.raises(Invalid) as refused:
            await reset.complete("Ada.Lovelace", code, new, repeat, HOME)
        assert list(refused.value.fields) == [field]
    await reset.complete("Ada.Lovelace", code, NEW, NEW, HOME)


async def test_a_changed_password_voids_the_code(
    reset: PasswordReset, accounts: Accounts, ada: User
) -> None:
    code = await asked(reset)
    token = await accounts.sign_in("ada", PASSWORD, HOME)
    await accounts.change_password(Actor("ada", HOME), token, PASSWORD, NEW, NEW)
    with pytest.raises(Invalid):
        await reset.complete("ada", code, "a third battery", "a third battery", HOME)
