"""Digest answers, held against the examples in the RFCs."""

from __future__ import annotations

from tests.sip.digest import Challenge, Credentials, answer_challenge
from tests.sip.message import Headers, Request, Response

RFC_7616_NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
RFC_7616_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenge(value: str) -> Challenge:
    parsed = Challenge.parse(value)
    assert parsed is not None
    return parsed


def test_md5_with_qop_as_in_rfc_2617() -> None:
    asked = challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    mufasa = Credentials("Mufasa", "Circle Of Life")
    response = asked.response(mufasa, "GET", "/dir/index.html", "0a4f113b")
    assert response == "6629fae49393a05397450978507c4ef1"


def test_md5_and_sha_256_as_in_rfc_7616() -> None:
    mufasa = Credentials("Mufasa", "Circle of Life")
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, response in expected.items():
        asked = challenge(
            f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
            f'nonce="{RFC_7616_NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        )
        got = asked.response(mufasa, "GET", "/dir/index.html", RFC_7616_CNONCE)
        assert got == response, algorithm


def test_a_challenge_without_qop_is_answered_as_in_rfc_2069() -> None:
    # The values of the RFC 2069 example with the response its errata give.
    asked = challenge(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    )
    mufasa = Credentials("Mufasa", "CircleOfLife")
    response = asked.response(mufasa, "GET", "/dir/index.html", "unused")
    assert response == "1949323746fe6a43ef61f9606e7febea"
    assert "nc=" not in asked.authorization(mufasa, "GET", "/")


def test_challenges_that_are_not_spoken_are_no_challenge() -> None:
    assert Challenge.parse('Basic realm="x"') is None
    assert Challenge.parse('Digest realm="x", nonce="n", algorithm=AKAv1-MD5') is None
    assert Challenge.parse('Digest realm="x", nonce="n", qop="auth-int"') is None
    assert Challenge.parse('Digest realm="x"') is None


def test_the_second_of_two_challenges_is_answered_when_only_it_is_spoken() -> None:
    request = Request("REGISTER", "sip:pbx", headers=Headers([("CSeq", "1 REGISTER")]))
    response = Response(401, "Unauthorized")
    response.headers.add("WWW-Authenticate", 'Digest realm="a", nonce="1", algorithm=SHA-512-256')
    response.headers.add("WWW-Authenticate", 'Digest realm="b", nonce="2", algorithm=MD5')
    retry = answer_challenge(request, response, Credentials("1001", "s"), 2)
    assert retry is not None
    assert 'realm="b"' in retry.headers["Authorization"]
    assert retry.headers["CSeq"] == "2 REGISTER"
    assert "Authorization" not in request.headers


def test_a_proxy_challenge_gets_a_proxy_answer_and_other_responses_none() -> None:
    request = Request("INVITE", "sip:1@pbx", headers=Headers([("CSeq", "1 INVITE")]))
    proxy = Response(407, "Proxy Authentication Required")
    proxy.headers.add("Proxy-Authenticate", 'Digest realm="a, b", nonce="1", qop="auth"')
    retry = answer_challenge(request, proxy, Credentials("1001", "s"), 2)
    assert retry is not None
    assert 'realm="a, b"' in retry.headers["Proxy-Authorization"]
    assert answer_challenge(request, Response(403, "Forbidden"), Credentials("1", "s"), 2) is None


def test_a_secret_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(Credentials("1001", "hunter2"))
