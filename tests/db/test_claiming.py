"""What the holder of a link gets: one new secret, once, for a few minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from pbxbridge.errors import TooManyAttempts
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.phone import Invitation
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.claiming import (
    WINDOW_SECONDS,
    WRONG_PER_NETWORK,
    Claiming,
    NotGood,
)
from pbxbridge.services.invitations.invitations import Invitations
from pbxbridge.services.invitations.visits import LENGTH, visit_hash
from pbxbridge.services.secret_links import hash_of, new_token
from tests.db.mail_rows import Clock
from tests.db.people import ELSEWHERE, Ticks, audited
from tests.rig.invitations import MAKE, mailed_token
from tests.web.forms import add

ADA = "ada@example.org"
HOME = "198.51.100.7"


@pytest.fixture
async def token(extensions: Extensions, invitations: Invitations, admin: Actor) -> str:
    """That of a link that was mailed."""
    await add(extensions, admin, "1001", **MAKE)
    await invitations.send(admin, "1001", ADA)
    return await mailed_token()


async def test_opening_changes_nothing_but_that_it_was_opened(
    claiming: Claiming, extensions: Extensions, admin: Actor, token: str
) -> None:
    before = await extensions.get("1001"), await extensions.secret(admin, "1001")
    entries = await AuditEntry.all().count()
    await claiming.look(token, HOME)
    assert await AuditEntry.all().count() == entries
    for _ in range(3):
        assert (await claiming.open(token, HOME)).number == "1001"
    [entry] = await audited("invitation.opened")
    assert (entry.actor, entry.subject, entry.address) == ("invitation", "1001", HOME)
    view, secret = await extensions.get("1001"), await extensions.secret(admin, "1001")
    assert (view.version, secret) == (before[0].version, before[1])


async def test_of_many_who_claim_at_once_one_gets_the_new_secret(
    claiming: Claiming, extensions: Extensions, admin: Actor, token: str
) -> None:
    old = await extensions.secret(admin, "1001")
    version = (await extensions.get("1001")).version
    outcomes = await asyncio.gather(
        *(claiming.claim(token, HOME) for _ in range(5)), return_exceptions=True
    )
    [visit] = [outcome for outcome in outcomes if isinstance(outcome, str)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, NotGood)]
    assert [why.is_used for why in refused] == [True] * 4
    new = await extensions.secret(admin, "1001")
    view = await extensions.get("1001")
    assert new != old
    assert (view.version, view.invitation) == (version + 1, "claimed")
    shown = await claiming.visited(token, HOME, visit)
    assert shown is not None
    assert (shown.number, shown.secret) == ("1001", new)
    [entry] = await audited("invitation.claimed")
    assert (entry.actor, entry.address, entry.after) == ("invitation", HOME, {"recipient": ADA})
    everything = str(await AuditEntry.all().values())
    assert not [secret for secret in (token, visit, new, old) if secret in everything]
    [stored] = await Invitation.all().values("visit_hash", "token_hash")
    assert stored == {"visit_hash": visit_hash(visit, new), "token_hash": hash_of(token)}


async def test_the_visit_is_of_one_browser_and_ends(
    claiming: Claiming, token: str, clock: Clock
) -> None:
    visit = await claiming.claim(token, HOME)
    for other in ("", new_token(), token, "é"):
        assert await claiming.visited(token, HOME, other) is None
    assert await claiming.visited(new_token(), HOME, visit) is None
    with pytest.raises(NotGood) as used:
        await claiming.open(token, HOME)
    assert used.value.is_used
    clock.offset += LENGTH - timedelta(seconds=1)
    assert await claiming.visited(token, HOME, visit) is not None
    clock.offset += timedelta(seconds=1)
    assert await claiming.visited(token, HOME, visit) is None


Change = Callable[[Extensions, Invitations, Actor], Awaitable[object]]
ENDINGS: dict[str, Change] = {
    "a new secret": lambda extensions, _, admin: extensions.regenerate_secret(admin, "1001"),
    "a secret that was typed": lambda extensions, _, admin: extensions.update(
        admin, "1001", {"secret": "another-secret-of-1001"}
    ),
    "a revocation": lambda _, invitations, admin: invitations.revoke(admin, "1001"),
    "a new invitation": lambda _, invitations, admin: invitations.send(admin, "1001", ADA),
}


@pytest.mark.parametrize("change", ENDINGS.values(), ids=ENDINGS)
async def test_a_visit_ends_when_the_secret_is_no_longer_that_of_the_visitor(
    claiming: Claiming,
    extensions: Extensions,
    invitations: Invitations,
    admin: Actor,
    token: str,
    change: Change,
) -> None:
    visit = await claiming.claim(token, HOME)
    await extensions.update(admin, "1001", {"caller_id_name": "Ada L."})
    assert await claiming.visited(token, HOME, visit) is not None
    await change(extensions, invitations, admin)
    assert await claiming.visited(token, HOME, visit) is None


async def test_what_is_no_softphone_any_more_is_not_claimed(
    claiming: Claiming, extensions: Extensions, admin: Actor, token: str
) -> None:
    before = await extensions.secret(admin, "1001")
    await extensions.update(admin, "1001", {"phone_make": "Polycom"})
    with pytest.raises(NotGood):
        await claiming.claim(token, HOME)
    assert await extensions.secret(admin, "1001") == before


async def test_a_claim_that_fails_leaves_the_link_good(
    claiming: Claiming,
    extensions: Extensions,
    admin: Actor,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = await extensions.secret(admin, "1001")

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a disk that is full")

    with monkeypatch.context() as broken:
        broken.setattr("pbxbridge.services.invitations.claiming.audit.record", fail)
        with pytest.raises(RuntimeError):
            await claiming.claim(token, HOME)
    assert await extensions.secret(admin, "1001") == before
    assert await claiming.claim(token, HOME)


async def test_who_guesses_is_stopped_and_written_down(
    claiming: Claiming, token: str, ticks: Ticks
) -> None:
    for attempt in range(WRONG_PER_NETWORK):
        tried = claiming.claim if attempt % 2 else claiming.open
        with pytest.raises(NotGood) as unknown:
            await tried(new_token(), HOME)
        assert not unknown.value.was_good
    for _ in range(3):
        for refused in (claiming.open, claiming.look, claiming.claim):
            with pytest.raises(TooManyAttempts) as limited:
                await refused(token, HOME)
        with pytest.raises(TooManyAttempts):
            await claiming.visited(token, HOME, "x")
    assert limited.value.retry_after == WINDOW_SECONDS
    entries = await audited("invitation.refused")
    assert len(entries) == WRONG_PER_NETWORK + 1, "the limit is written down once"
    assert {entry.subject for entry in entries} == {"(no such link)"}
    assert await claiming.open(token, ELSEWHERE), "others are not locked out"
    ticks.now += WINDOW_SECONDS
    assert await claiming.open(token, HOME)


async def test_who_looks_at_a_used_link_is_no_guesser_but_who_claims_it_again_is(
    claiming: Claiming, token: str
) -> None:
    await claiming.claim(token, HOME)
    for _ in range(WRONG_PER_NETWORK + 1):
        with pytest.raises(NotGood):
            await claiming.open(token, HOME)
    for _ in range(WRONG_PER_NETWORK):
        with pytest.raises(NotGood):
            await claiming.claim(token, HOME)
    with pytest.raises(TooManyAttempts):
        await claiming.claim(token, HOME)
    reasons = {
        (entry.subject, entry.after["reason"]) for entry in await audited("invitation.refused")
    }
    assert reasons == {("1001", "already used"), ("(no such link)", "too many tries")}
