"""Keys to the API: what they may do, for how long, and that nobody else's are touched."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import ApiToken, Role, TokenScope, User
from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import MOST_PER_USER, ApiTokens, TokenHolder
from pbxbridge.services.new_password import set_password
from tests.db.mail_rows import Clock
from tests.db.people import HOME, People, audited

ME = Actor("ada", HOME)


@pytest.fixture
def tokens(database: str, clock: Clock) -> ApiTokens:
    return ApiTokens(clock=clock)


@pytest.fixture
async def ada(people: People) -> User:
    return await people.add("ada", Role.ADMIN)


async def test_a_token_acts_for_its_user(tokens: ApiTokens, ada: User) -> None:
    view, token = await tokens.create(ME, " Backup ", "write", "30")
    assert re.fullmatch(r"pbx_[A-Za-z0-9_-]{43}", token)
    assert await tokens.authenticate(token) == TokenHolder(
        ada.id, "ada", Role.ADMIN, TokenScope.WRITE
    )
    assert (view.name, view.scope, view.last_used_at) == ("Backup", TokenScope.WRITE, None)
    assert timedelta(days=29) < view.expires_at - view.created_at <= timedelta(days=31)


async def test_only_a_hash_is_kept(tokens: ApiTokens, ada: User) -> None:
    _, token = await tokens.create(ME, "Backup", TokenScope.READ, 30)
    [row] = await ApiToken.all()
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    everything = str(await ApiToken.all().values()) + str(await AuditEntry.all().values())
    assert token not in everything


@pytest.mark.parametrize(
    "token", ["", "pbx_", "pbx_" + "A" * 43, "pbx_" + "A" * 100_000, "x", "\ud800", "pbx_\ud800"]
)
async def test_what_is_no_token_opens_nothing(tokens: ApiTokens, ada: User, token: str) -> None:
    _, good = await tokens.create(ME, "Backup", TokenScope.READ, 30)
    assert await tokens.authenticate(token) is None
    assert await tokens.authenticate(good.removeprefix("pbx_")) is None
    assert await tokens.authenticate(good.upper()) is None


async def test_a_token_expires(tokens: ApiTokens, ada: User, clock: Clock) -> None:
    _, token = await tokens.create(ME, "Backup", TokenScope.READ, 1)
    clock.offset += timedelta(hours=23, minutes=59)
    assert await tokens.authenticate(token)
    clock.offset += timedelta(minutes=1)
    assert await tokens.authenticate(token) is None
    assert len(await tokens.of("ada")) == 1


async def test_with_a_one_time_password_no_token_is_good(tokens: ApiTokens, ada: User) -> None:
    _, token = await tokens.create(ME, "Backup", TokenScope.READ, 30)
    await User.filter(id=ada.id).update(must_change_password=True)
    assert await tokens.authenticate(token) is None


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.USER])
async def test_the_role_limits_the_token(tokens: ApiTokens, ada: User, role: Role) -> None:
    _, token = await tokens.create(ME, "Backup", TokenScope.WRITE, 30)
    await User.filter(id=ada.id).update(role=role)
    holder = await tokens.authenticate(token)
    assert holder is not None
    assert (holder.role, holder.scope) == (role, TokenScope.READ)
    with pytest.raises(Invalid) as refused:
        await tokens.create(ME, "Another", TokenScope.WRITE, 30)
    assert list(refused.value.fields) == ["scope"]
    assert await tokens.create(ME, "Another", TokenScope.READ, 30)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"scope": "everything"}, "scope"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": "for ever"}, "days"),
        ({"days": ""}, "days"),
        ({"days": 1.5}, "days"),
    ],
)
async def test_what_breaks_a_rule_is_refused_beside_its_field(
    tokens: ApiTokens, ada: User, fields: Mapping[str, str], field: str
) -> None:
    given = {"name": "Backup", "scope": "read", "days": "30", **fields}
    with pytest.raises(Invalid) as refused:
        await tokens.create(ME, **given)
    assert list(refused.value.fields) == [field]
    assert await tokens.of("ada") == []


async def test_a_user_has_fifty_tokens_at_most(tokens: ApiTokens, ada: User) -> None:
    for number in range(MOST_PER_USER - 1):
        await tokens.create(ME, f"Token {number}", TokenScope.READ, 30)
    outcomes = await asyncio.gather(
        *(tokens.create(ME, "One more", TokenScope.READ, 30) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Invalid) for outcome in outcomes) == 3
    assert len(await tokens.of("ada")) == MOST_PER_USER


async def test_the_last_use_is_written_once_in_a_minute(
    tokens: ApiTokens, ada: User, clock: Clock
) -> None:
    _, token = await tokens.create(ME, "Backup", TokenScope.READ, 30)

    async def last_use() -> object:
        await tokens.authenticate(token)
        return (await tokens.of("ada"))[0].last_used_at

    first = await last_use()
    assert first is not None
    clock.offset += timedelta(seconds=50)
    assert await last_use() == first
    clock.offset += timedelta(seconds=11)
    assert await last_use() != first


async def test_a_revoked_token_opens_nothing(tokens: ApiTokens, ada: User) -> None:
    kept, good = await tokens.create(ME, "Kept", TokenScope.READ, 30)
    view, token = await tokens.create(ME, "Lost", TokenScope.READ, 30)
    assert [each.name for each in await tokens.of("ada")] == ["Lost", "Kept"]
    await tokens.revoke(ME, view.id)
    assert await tokens.authenticate(token) is None
    assert await tokens.authenticate(good)
    assert await tokens.of("ada") == [each for each in await tokens.of("ada") if each.id == kept.id]
    for gone in (view.id, 0, -1, 2**80):
        with pytest.raises(NotFound):
            await tokens.revoke(ME, gone)
    assert len(await audited("user.api-token-created")) == 2
    [entry] = await audited("user.api-token-revoked")
    assert (entry.actor, entry.subject, entry.before["name"]) == ("ada", "ada", "Lost")


async def test_nobody_revokes_a_token_of_somebody_else(
    tokens: ApiTokens, ada: User, people: People
) -> None:
    await people.add("grace", Role.ADMIN)
    view, token = await tokens.create(ME, "Backup", TokenScope.READ, 30)
    with pytest.raises(NotFound):
        await tokens.revoke(Actor("grace", HOME), view.id)
    assert await tokens.of("grace") == []
    assert await tokens.authenticate(token)


@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_password_that_was_reset_ends_the_tokens_and_a_changed_one_does_not(
    tokens: ApiTokens, ada: User, people: People, is_reset: bool
) -> None:
    grace = await people.add("grace", Role.ADMIN)
    _, others = await tokens.create(Actor("grace", HOME), "Hers", TokenScope.READ, 30)
    _, token = await tokens.create(ME, "Backup", TokenScope.READ, 30)
    async with write_transaction() as transaction:
        await set_password(transaction, ada.id, grace.password_hash, is_reset=is_reset)
    assert (await tokens.authenticate(token) is None) is is_reset
    assert await tokens.authenticate(others)
