"""The second factor: codes of an authenticator app (RFC 6238)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from pbxbridge.errors import Conflict, Forbidden, Invalid, SecondFactorNeeded, TooManyAttempts
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.people import Session, User
from pbxbridge.services import totp
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.second_factor import SecondFactor
from tests.db.mail_rows import Clock
from tests.db.people import HOME, PASSWORD, People, audited

ME = Actor("ada", HOME)
STEP = timedelta(seconds=totp.STEP_SECONDS)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class StillClock(Clock):
    """Stands still where the test put it."""

    def __call__(self) -> datetime:
        return NOON + self.offset


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def second_factor(database: str, check: PasswordCheck, clock: StillClock) -> SecondFactor:
    return SecondFactor(check, clock=clock)


@pytest.fixture
async def ada(people: People) -> User:
    return await people.add("ada")


class App:
    """The authenticator app on Ada's phone."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._generator = pyotp.TOTP(secret)
        self._clock = clock

    def code(self, ahead: timedelta = timedelta()) -> str:
        return self._generator.at(self._clock() + ahead)


@pytest.fixture
async def app(second_factor: SecondFactor, ada: User, clock: StillClock) -> App:
    """Enrolled a while ago."""
    enrolment = await second_factor.begin(ME)
    app = App(enrolment.secret, clock)
    await second_factor.confirm(ME, enrolment.secret, app.code())
    clock.offset += 10 * STEP
    return app


def test_the_codes_are_those_of_the_rfc() -> None:
    """RFC 6238, appendix B, SHA-1, of which an app shows the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        now = datetime.fromtimestamp(seconds, UTC)
        assert totp.matching_step(secret, code, now, 0) == seconds // 30


@pytest.mark.parametrize(
    ("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_wrong(steps: int, good: bool) -> None:
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).at(NOON + steps * STEP)
    assert (totp.matching_step(secret, code, NOON, 0) is not None) is good


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\uff11" * 6, "-12345", "\x00"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert totp.matching_step(totp.new_secret(), code, NOON, 0) is None


async def test_enrolment_shows_the_secret_as_text_and_as_a_qr_code(
    second_factor: SecondFactor, ada: User
) -> None:
    enrolment = await second_factor.begin(ME)
    uri = urlsplit(enrolment.uri)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/pbxbridge:ada")
    assert parse_qs(uri.query)["secret"] == [enrolment.secret]
    assert re.fullmatch("[A-Z2-7]{32}", enrolment.secret)
    assert ET.fromstring(enrolment.svg).tag == "svg"  # noqa: S314 - made here
    assert "style" not in enrolment.svg
    assert (await second_factor.begin(ME)).secret != enrolment.secret


async def test_nothing_changes_before_a_right_code(
    second_factor: SecondFactor, accounts: Accounts, ada: User, clock: StillClock
) -> None:
    enrolment = await second_factor.begin(ME)
    assert await accounts.sign_in("ada", PASSWORD, HOME)
    for secret, code, field in (
        (enrolment.secret, "000000", "code"),
        ("short", App(enrolment.secret, clock).code(), ""),
    ):
        with pytest.raises(Invalid) as refused:
            await second_factor.confirm(ME, secret, code)
        assert list(refused.value.fields) == [field]
    assert await accounts.sign_in("ada", PASSWORD, HOME)
    assert not await audited("user.second-factor-on")


async def test_once_on_a_code_is_needed(accounts: Accounts, app: App) -> None:
    for code in ("", " "):
        with pytest.raises(SecondFactorNeeded):
            await accounts.sign_in("ada", PASSWORD, HOME, code=code)
    with pytest.raises(SecondFactorNeeded):
        await accounts.sign_in("ada", PASSWORD, HOME, code=app.code(5 * STEP))
    with pytest.raises(Forbidden) as refused:
        await accounts.sign_in("ada", "wrong", HOME, code=app.code())
    assert not isinstance(refused.value, SecondFactorNeeded)
    assert not await Session.all().exists()
    code = app.code()
    assert await accounts.sign_in("ada", PASSWORD, HOME, code=f"{code[:3]} {code[3:]}")


async def test_a_code_opens_nothing_twice(
    second_factor: SecondFactor, accounts: Accounts, ada: User, clock: StillClock
) -> None:
    enrolment = await second_factor.begin(ME)
    app = App(enrolment.secret, clock)
    code = app.code()
    await second_factor.confirm(ME, enrolment.secret, code)
    with pytest.raises(SecondFactorNeeded):
        await accounts.sign_in("ada", PASSWORD, HOME, code=code)
    clock.offset += STEP
    code = app.code()
    assert await accounts.sign_in("ada", PASSWORD, HOME, code=code)
    for old in (code, app.code(-STEP)):
        with pytest.raises(SecondFactorNeeded):
            await accounts.sign_in("ada", PASSWORD, HOME, code=old)


async def test_guessing_at_codes_ends_like_guessing_at_passwords(
    accounts: Accounts, app: App
) -> None:
    for number in range(5):
        with pytest.raises(SecondFactorNeeded):
            await accounts.sign_in("ada", PASSWORD, HOME, code=app.code(5 * STEP))
        # The password alone, which the guesser knows, buys no more guesses.
        if number < 4:
            with pytest.raises(SecondFactorNeeded):
                await accounts.sign_in("ada", PASSWORD, HOME)
    with pytest.raises(TooManyAttempts):
        await accounts.sign_in("ada", PASSWORD, HOME, code=app.code())
    reasons = [entry.after["reason"] for entry in await audited("user.sign-in-refused")]
    assert reasons == ["code"] * 5 + ["too many attempts"]


async def test_it_cannot_be_exchanged_while_it_is_on(
    second_factor: SecondFactor, app: App, clock: StillClock
) -> None:
    with pytest.raises(Conflict):
        await second_factor.begin(ME)
    other = totp.new_secret()
    with pytest.raises(Conflict):
        await second_factor.confirm(ME, other, App(other, clock).code())


async def test_switching_it_off_takes_the_password(
    second_factor: SecondFactor, accounts: Accounts, app: App
) -> None:
    with pytest.raises(Invalid) as refused:
        await second_factor.switch_off(ME, "wrong")
    assert list(refused.value.fields) == ["password"]
    with pytest.raises(SecondFactorNeeded):
        await accounts.sign_in("ada", PASSWORD, HOME)
    await second_factor.switch_off(ME, PASSWORD)
    assert await accounts.sign_in("ada", PASSWORD, HOME)
    for action in ("user.second-factor-on", "user.second-factor-off"):
        [entry] = await audited(action)
        assert (entry.actor, entry.subject, entry.address) == ("ada", "ada", HOME)


async def test_the_secret_is_in_no_audit_entry(ada: User, app: App) -> None:
    await ada.refresh_from_db()
    assert ada.totp_secret
    assert ada.totp_secret not in str(await AuditEntry.all().values())
