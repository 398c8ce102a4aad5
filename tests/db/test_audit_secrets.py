"""Everything that changes something is done once: no secret gets into the audit, nothing out."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator

import pyotp
import pytest
from tortoise import connections

from pbxbridge.errors import Forbidden, Invalid, SecondFactorNeeded
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.models.people import Role
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.password_reset import PasswordReset
from pbxbridge.services.second_factor import SecondFactor
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import Users
from tests.db.mail_rows import running, until
from tests.db.people import HOME
from tests.rig.databases import Engine
from tests.rig.extensions import delete_knowingly

PINS = ("90817263", "81726354", "72635445", "63544536")
MARKED = ("marked-secret-one", "marked-secret-two", "marked-auth-one", "marked-auth-two")
PASSWORD, NEW_PASSWORD, WRONG_PASSWORD = "marked pass one", "marked pass two", "marked pass bad"
# By the database itself, so that no code under test is asked.
GUARDS = {
    "sqlite": """
        CREATE TRIGGER no_{verb} BEFORE {verb} ON portal_audit
        BEGIN SELECT RAISE(ABORT, 'the audit was changed'); END
    """,
    "postgres": """
        CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE 'the audit was changed'; END $$;
        CREATE TRIGGER no_{verb} BEFORE {verb} ON portal_audit
        FOR EACH STATEMENT EXECUTE FUNCTION refuse()
    """,
}


@pytest.fixture(autouse=True)
async def _audit_that_can_only_grow(database: str, engine: Engine) -> None:
    for verb in ("UPDATE", "DELETE"):
        await connections.get("default").execute_script(GUARDS[engine].format(verb=verb))


@pytest.fixture
async def password_reset(
    database: str, bus: EventBus, check: PasswordCheck
) -> AsyncIterator[PasswordReset]:
    service = PasswordReset(bus, check, sender="portal@pbx.local")
    async with running(service):
        yield service


async def dump() -> str:
    """Return every column of every entry, as it is stored."""
    rows = await connections.get("default").execute_query_dict("SELECT * FROM portal_audit")
    return "\n".join(str(value) for row in rows for value in row.values())


def writes_of(service: type) -> set[str]:
    """Return the methods that somebody must answer for."""
    found = inspect.getmembers(service, inspect.iscoroutinefunction)
    return {
        name
        for name, method in found
        if not name.startswith("_") and "actor" in inspect.signature(method).parameters
    }


async def test_the_guard_of_these_tests_bites(database: str) -> None:
    await AuditEntry.create(actor="a", address="", action="x.y", subject="s", before={}, after={})
    with pytest.raises(Exception, match="the audit was changed"):
        await AuditEntry.all().update(actor="b")
    with pytest.raises(Exception, match="the audit was changed"):
        await AuditEntry.all().delete()


async def test_no_secret_of_an_extension_is_ever_in_the_audit(
    extensions: Extensions, admin: Actor
) -> None:
    secrets = [*PINS, *MARKED]
    wanted = {
        "number": "1001",
        "caller_id_name": "Ada",
        "voicemail": True,
        "voicemail_pin": PINS[0],
        "secret": MARKED[0],
        "auth_username": "ada",
        "auth_secret": MARKED[2],
    }
    _, secret = await extensions.create(admin, parse_extension(wanted))
    secrets.append(secret)
    credentials = {"voicemail_pin": PINS[1], "secret": MARKED[1], "auth_secret": MARKED[3]}
    await extensions.update(admin, "1001", credentials | {"caller_id_name": "Ada L."})
    await extensions.update_many(admin, ["1001"], {"secret": MARKED[0], "phone_group": "Sales"})
    await extensions.change_own_pin(admin, "1001", PINS[2])
    await VoicemailBox.filter(mailbox="1001").update(password=PINS[3])
    await extensions.notice_pin("1001")
    secrets += [await extensions.secret(admin, "1001")]
    secrets += [await extensions.auth_secret(admin, "1001")]
    secrets += [await extensions.regenerate_secret(admin, "1001")]
    await delete_knowingly(extensions, admin, "1001")

    done = {name.removeprefix("extension.") for name in await _actions()}
    assert done == {
        "created",
        "changed",
        "pin-changed",
        "secret-changed",
        "auth-secret-changed",
        "secret-read",
        "auth-secret-read",
        "secret-regenerated",
        "deleted",
    }
    assert writes_of(Extensions) == {
        "create",
        "update",
        "update_many",
        "change_own_pin",
        "secret",
        "secret_within",  # what secret() does
        "auth_secret",
        "regenerate_secret",
        "delete",
    }, "drive the new one here too"
    await _assert_none_is_there(secrets)


async def test_no_secret_of_a_person_is_ever_in_the_audit(
    users: Users,
    accounts: Accounts,
    check: PasswordCheck,
    password_reset: PasswordReset,
    admin: Actor,
) -> None:
    factor, tokens = SecondFactor(check), ApiTokens()
    secrets = [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, await accounts.create_admin("root")]
    ada = Actor("ada", HOME)
    wanted = UserInput(login="ada", role=Role.USER, email="ada@pbx.local")
    _, once = await users.create(admin, wanted)
    session = await accounts.sign_in("ada", once, HOME)
    secrets += [once, session]
    session = await accounts.change_password(ada, session, once, PASSWORD, PASSWORD)
    with pytest.raises(Forbidden):
        await accounts.sign_in("ada", WRONG_PASSWORD, HOME)
    await users.update(admin, "ada", {"name": "Ada", "role": "admin"})

    enrolment = await factor.begin(ada)
    code = pyotp.TOTP(enrolment.secret).now()
    enrolment = await factor.resume(ada, enrolment.secret)
    await factor.confirm(ada, enrolment.secret, code)
    with pytest.raises(SecondFactorNeeded):
        await accounts.sign_in("ada", PASSWORD, HOME, code="wrong-code")
    await factor.switch_off(ada, PASSWORD)
    secrets += [enrolment.secret, code, session, "wrong-code"]

    view, token = await tokens.create(ada, "backup", "read", 30)
    await tokens.revoke(ada, view.id)
    secrets += [token, token.removeprefix("pbx_")]

    await password_reset.ask("ada", HOME)
    await until(lambda: OutgoingMail.all().exists())
    mail = bytes((await OutgoingMail.get()).message).decode()
    [reset_code] = set(re.findall(r"[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}", mail))
    with pytest.raises(Invalid):
        await password_reset.complete("ada", "AAAA-BBBB-CCCC", NEW_PASSWORD, NEW_PASSWORD, HOME)
    await password_reset.complete("ada", reset_code, NEW_PASSWORD, NEW_PASSWORD, HOME)
    session = await accounts.sign_in("ada", NEW_PASSWORD, HOME)
    secrets += [reset_code, reset_code.replace("-", ""), "AAAA-BBBB-CCCC", session]

    await accounts.sign_out(session)
    secrets += [await users.reset_password(admin, "ada")]
    await users.switch_off_second_factor(admin, "ada")
    await users.delete(admin, "ada")

    done = {name.removeprefix("user.") for name in await _actions()}
    assert done >= {
        "created",
        "changed",
        "deleted",
        "signed-in",
        "signed-out",
        "sign-in-refused",
        "password-changed",
        "password-reset",
        "password-reset-asked",
        "password-reset-refused",
        "password-reset-completed",
        "second-factor-on",
        "second-factor-off",
        "api-token-created",
        "api-token-revoked",
    }
    drives = {"create", "update", "delete", "reset_password", "switch_off_second_factor"}
    assert writes_of(Users) == drives, "drive the new one here too"
    assert writes_of(ApiTokens) == {"create", "revoke"}
    assert writes_of(SecondFactor) == {"begin", "resume", "confirm", "switch_off"}
    await _assert_none_is_there(secrets)


async def _actions() -> set[str]:
    return {str(name) for name in await AuditEntry.all().values_list("action", flat=True)}


async def _assert_none_is_there(secrets: list[str]) -> None:
    stored = await dump()
    assert "192.0.2.10" in stored or "127.0.0.1" in stored, "nothing was looked at"
    assert all(len(secret) >= 6 for secret in secrets)
    assert [secret for secret in secrets if secret in stored] == []
