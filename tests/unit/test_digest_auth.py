"""HTTP digest authentication: the RFC's own examples, nonces that age, and what is refused."""

from __future__ import annotations

import pytest

from web.digest_auth import (
    NONCE_SECONDS,
    Account,
    DigestDoor,
    Verdict,
    parameters_of,
    response_for,
)

# RFC 7616, section 3.9.1.
RFC = Account("Mufasa", "Circle of Life")
RFC_HEADER = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
    'algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{response}", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_RESPONSES = {
    "MD5": "8ca523f5e9506fed4657c9700eebdbec",
    "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
}

PHONES = Account("phones", "pass: wörd")
TARGET = "/provision/cfg0004f2a1b2c3.xml"


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> DigestDoor:
    return DigestDoor(PHONES, "phones", clock)


def answer(  # what a client makes of a challenge
    challenge: str, account: Account = PHONES, uri: str = TARGET, **other: str
) -> str:
    given = dict(
        part.replace('"', "").split("=", 1)
        for part in challenge.removeprefix("Digest ").split(", ")
    )
    given |= {"uri": uri, "nc": "00000001", "cnonce": "0a4f113b"}
    algorithm = given["algorithm"]
    response = response_for(account, algorithm, "GET", given)
    said = {
        **{name: f'"{given[name]}"' for name in ("realm", "nonce", "uri", "cnonce")},
        "username": f'"{account.user}"',
        "response": f'"{response}"',
        "qop": "auth",
        "nc": given["nc"],
        "algorithm": algorithm,
    } | other
    return "Digest " + ", ".join(f"{name}={value}" for name, value in said.items() if value)


@pytest.mark.parametrize(("algorithm", "response"), RFC_RESPONSES.items())
def test_the_rfc_s_own_examples(algorithm: str, response: str) -> None:
    given = parameters_of(RFC_HEADER.format(algorithm=algorithm, response=response))
    assert given is not None
    assert response_for(RFC, algorithm, "GET", given) == given["response"] == response


def test_who_answers_either_challenge_comes_in(door: DigestDoor) -> None:
    challenges = door.challenges()
    assert len(challenges) == 2
    for challenge in challenges:
        assert "stale" not in challenge
        assert door.verdict("GET", TARGET, answer(challenge)) is Verdict.RIGHT
    # MD5 is what is meant where none is named.
    unnamed = answer(challenges[0], algorithm="")
    assert door.verdict("GET", TARGET, unnamed) is Verdict.RIGHT


def test_a_right_answer_to_an_old_nonce_is_asked_for_again(door: DigestDoor, clock: Clock) -> None:
    header = answer(door.challenges()[0])
    clock.now += NONCE_SECONDS
    assert door.verdict("GET", TARGET, header) is Verdict.STALE
    stale = door.challenges(stale=True)[0]
    assert stale.endswith(", stale=true")
    assert door.verdict("GET", TARGET, answer(stale.removesuffix(", stale=true"))) is Verdict.RIGHT


def test_a_nonce_of_another_bridge_or_of_nobody_is_no_good(door: DigestDoor, clock: Clock) -> None:
    other = DigestDoor(PHONES, "phones", clock).challenges()[0]
    assert door.verdict("GET", TARGET, answer(other)) is Verdict.STALE
    for nonce in ("", "x", "0" * 16, "-" * 16 + "x", "é"):
        made = f'Digest realm="phones", qop="auth", algorithm=MD5, nonce="{nonce}"'
        assert door.verdict("GET", TARGET, answer(made)) is Verdict.STALE, nonce


def test_what_is_wrong_stays_outside(door: DigestDoor) -> None:
    right = door.challenges()[0]
    wrong = [
        answer(right, Account("phones", "guess")),
        answer(right, Account("Phones", PHONES.password)),
        answer(right, uri="/provision/other.xml"),
        answer(right, qop="auth-int"),
        answer(right, algorithm="MD5-sess"),
        answer(right, realm='"elsewhere"'),
        answer(right, response='""'),
        answer(right, nc=""),
        "Basic cGhvbmVzOnB3",
        "Digest",
        "Digest username",
        "Digest " + 'username="a", ' * 2,
        'Digest username="unclosed',
    ]
    for header in wrong:
        assert door.verdict("GET", TARGET, header) is Verdict.WRONG, header
    assert door.verdict("HEAD", TARGET, answer(right)) is Verdict.WRONG
    assert door.verdict("GET", TARGET, "") is Verdict.MISSING


def test_bytes_that_are_no_text_stay_outside(door: DigestDoor) -> None:
    names = ("username", "realm", "nonce", "uri", "response", "cnonce", "nc")
    strange = ", ".join(f'{name}="\udcff"' for name in names if name not in ("uri", "realm"))
    header = f'Digest realm="phones", uri="/x", qop=auth, {strange}'
    assert door.verdict("GET", "/x", header) is Verdict.WRONG


def test_the_password_is_in_no_repr() -> None:
    assert PHONES.password not in repr(PHONES)
