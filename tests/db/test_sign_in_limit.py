"""Guessing at passwords: how often, from where, and what a flood of it does to everybody else."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from pbxbridge.errors import Forbidden, Invalid, TooManyAttempts
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.passwords import AT_ONCE, PER_NETWORK, WAITING
from pbxbridge.services.refusals import MOST_ENTRIES
from pbxbridge.services.sign_in_limit import WINDOW_SECONDS, SignInLimit, network_of
from pbxbridge.services.sliding_window import SlidingWindow
from tests.db.people import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    CountingPasswords,
    People,
    Ticks,
    audited,
)

NEW = "another horse battery"


@pytest.fixture(scope="session")
def passwords() -> CountingPasswords:
    """With hashes that take as long as they do in earnest: a flood is about that."""
    return CountingPasswords()


def guess(limit: SignInLimit, login: str, address: str, times: int = 1) -> int:
    """Try so often with a wrong password; return how many tries were let through."""
    let_through = 0
    for _ in range(times):
        try:
            limit.begin(login, address)
        except TooManyAttempts:
            continue
        let_through += 1
    return let_through


def test_a_window_slides(ticks: Ticks) -> None:
    window = SlidingWindow(2, 10.0, clock=ticks)
    window.add("a")
    ticks.now += 4
    assert window.wait("a") == 0
    window.add("a")
    assert window.wait("a") == 6
    assert window.wait("b") == 0
    ticks.now += 6
    assert window.wait("a") == 0
    window.add("a")
    assert window.wait("a") == 4


def test_what_was_taken_back_or_forgotten_does_not_count(ticks: Ticks) -> None:
    window = SlidingWindow(1, 10.0, clock=ticks)
    for undo in (window.take_back, window.forget):
        window.add("a")
        undo("a")
        undo("a")
        assert window.wait("a") == 0
    assert len(window) == 0


def test_a_window_stays_small_however_many_names_are_made_up(ticks: Ticks) -> None:
    window = SlidingWindow(5, 900.0, keys=1000, clock=ticks)
    for number in range(50_000):
        window.add(f"made up {number}")
    assert len(window) == 1000
    ticks.now += 901
    window.add("later")
    assert len(window) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
        ("no address", "192.0.2.1", False),
    ],
)
def test_what_counts_as_one_place(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_five_wrong_passwords_then_a_pause(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    assert guess(limit, "ada", HOME, 10) == 5
    with pytest.raises(TooManyAttempts) as refused:
        limit.begin("ada", HOME)
    assert refused.value.retry_after == WINDOW_SECONDS
    ticks.now += refused.value.retry_after
    assert guess(limit, "ada", HOME, 10) == 5


def test_a_right_password_forgives_the_wrong_ones(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    for _ in range(3):
        assert guess(limit, "ada", HOME, 4) == 4
        limit.begin("ada", HOME)
        limit.succeeded("ada", HOME)


def test_nobody_is_locked_out_from_another_address(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    guess(limit, "ada", ELSEWHERE, 100)
    assert guess(limit, "ada", HOME) == 1


def test_one_address_guesses_twenty_times_at_whomever(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    subscriber = [f"2001:db8::{number:x}" for number in range(1, 101)]
    assert sum(guess(limit, f"user{a}", a) for a in subscriber) == 20


def test_an_account_of_ones_own_pays_for_no_guesses_at_others(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    let_through = 0
    for number in range(100):
        let_through += guess(limit, f"victim{number}", ELSEWHERE)
        if guess(limit, "mallory", ELSEWHERE):
            limit.succeeded("mallory", ELSEWHERE)
    assert let_through == 20


def test_many_addresses_together_guess_fifty_times_at_one_account(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    assert sum(guess(limit, "ada", f"203.0.113.{n}", 2) for n in range(200)) == 50
    assert guess(limit, "grace", "203.0.113.1") == 1


def test_who_signed_in_from_there_before_is_not_locked_out_by_many_addresses(ticks: Ticks) -> None:
    limit = SignInLimit(clock=ticks)
    limit.begin("ada", HOME)
    limit.succeeded("ada", HOME)
    for number in range(200):
        guess(limit, "ada", f"203.0.113.{number}", 2)
    assert guess(limit, "ada", HOME, 10) == 5
    assert guess(limit, "ada", ELSEWHERE) == 0
    ticks.now += WINDOW_SECONDS
    assert guess(limit, "ada", ELSEWHERE) == 1


async def wrong(accounts: Accounts, login: str, address: str) -> str:
    """Try a wrong password; return the kind of refusal."""
    try:
        await accounts.sign_in(login, "wrong", address)
    except Forbidden:
        return "Forbidden"
    except TooManyAttempts:
        return "TooManyAttempts"
    return "signed in"


async def test_beyond_the_limit_no_password_is_looked_at(
    accounts: Accounts, people: People, passwords: CountingPasswords, ticks: Ticks
) -> None:
    await people.add("ada")
    before = passwords.checked
    kinds = [await wrong(accounts, login, HOME) for login in ("ada",) * 7 + ("ADA ",)]
    assert kinds == ["Forbidden"] * 5 + ["TooManyAttempts"] * 3
    assert passwords.checked - before == 5
    with pytest.raises(TooManyAttempts):
        await accounts.sign_in("ada", PASSWORD, HOME)
    assert await accounts.sign_in("ada", PASSWORD, ELSEWHERE)
    ticks.now += WINDOW_SECONDS
    assert await accounts.sign_in("ada", PASSWORD, HOME)


async def test_refusals_are_written_down_but_never_the_password(
    accounts: Accounts, people: People
) -> None:
    await people.add("ada")
    for _ in range(9):
        await wrong(accounts, "ada", HOME)
    with pytest.raises(Forbidden):
        await accounts.sign_in("x\x00" + "y" * 100, PASSWORD, HOME)
    entries = await audited("user.sign-in-refused")
    told = [(e.actor, e.address, e.subject, e.after["reason"]) for e in entries]
    assert told == [
        *[("", HOME, "ada", "password")] * 5,
        ("", HOME, "ada", "too many attempts"),
        ("", HOME, "(no such user)", "password"),
    ]
    everything = str(await AuditEntry.all().values())
    assert PASSWORD not in everything
    assert "wrong" not in everything


async def test_guessing_from_very_many_addresses_does_not_fill_the_audit(
    accounts: Accounts, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(self: object, stored: str | None, password: str, network: str = "") -> bool:
        return False

    monkeypatch.setattr(CountingPasswords, "matches", at_once)
    for number in range(MOST_ENTRIES + 50):
        await wrong(accounts, f"user{number}", f"10.0.{number // 200}.{number % 200}")
    assert len(await audited("user.sign-in-refused")) == MOST_ENTRIES


async def test_in_a_flood_from_one_address_others_sign_in(
    accounts: Accounts, people: People, passwords: CountingPasswords
) -> None:
    await people.add("ada")
    await people.add("grace")
    before = passwords.checked
    flood = [
        asyncio.create_task(wrong(accounts, f"user{number % 50}", ELSEWHERE), name=f"bad {number}")
        for number in range(300)
    ]
    await asyncio.sleep(0)
    honest = asyncio.create_task(accounts.sign_in("grace", PASSWORD, HOME), name="honest")
    assert await honest
    kinds = Counter(await asyncio.gather(*flood))
    assert kinds["TooManyAttempts"] >= 280
    assert passwords.checked - before <= 21
    assert len(await audited("user.sign-in-refused")) <= 21


@pytest.mark.parametrize(("networks", "places"), [(300, AT_ONCE + WAITING), (1, PER_NETWORK)])
async def test_only_so_many_wait_for_their_password_to_be_looked_at(
    passwords: CountingPasswords, networks: int, places: int
) -> None:
    looked_at = [
        passwords.matches(None, "wrong", f"network {number % networks}") for number in range(300)
    ]
    outcomes = await asyncio.gather(*looked_at, return_exceptions=True)
    assert outcomes.count(False) == places
    refusals = [outcome for outcome in outcomes if isinstance(outcome, TooManyAttempts)]
    assert [refusal.retry_after for refusal in refusals] == [1] * (300 - places)


async def test_one_network_takes_only_its_part_of_the_places(
    passwords: CountingPasswords,
) -> None:
    before = passwords.checked
    flood = [
        asyncio.create_task(passwords.matches(None, "wrong", ELSEWHERE), name=f"bad {number}")
        for number in range(300)
    ]
    await passwords.matches(None, "honest", HOME)
    assert passwords.checked - before <= PER_NETWORK + 1
    await asyncio.gather(*flood, return_exceptions=True)


async def test_a_flood_from_everywhere_counts_against_nobody_who_was_not_looked_at(
    accounts: Accounts, passwords: CountingPasswords
) -> None:
    before = passwords.checked
    kinds = await asyncio.gather(
        *(wrong(accounts, f"user{number}", f"203.0.113.{number}") for number in range(200))
    )
    assert passwords.checked - before == kinds.count("Forbidden")
    reasons = Counter(entry.after["reason"] for entry in await audited("user.sign-in-refused"))
    assert reasons == {"password": kinds.count("Forbidden"), "too many at once": 1}
    refused = kinds.index("TooManyAttempts")
    again = [await wrong(accounts, f"user{refused}", f"203.0.113.{refused}") for _ in range(6)]
    assert again == ["Forbidden"] * 5 + ["TooManyAttempts"]


async def test_an_open_session_is_no_way_to_guess_the_password(
    accounts: Accounts, people: People
) -> None:
    await people.add("ada")
    token = await accounts.sign_in("ada", PASSWORD, HOME)
    ada = Actor("ada", HOME)
    for _ in range(5):
        with pytest.raises(Invalid):
            await accounts.change_password(ada, token, "wrong", NEW, NEW)
    with pytest.raises(TooManyAttempts):
        await accounts.change_password(ada, token, PASSWORD, NEW, NEW)
