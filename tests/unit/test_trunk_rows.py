"""A trunk as rows of chan_pjsip."""

from __future__ import annotations

from dataclasses import replace

from pbxbridge.realtime.auth_row import auth_columns
from pbxbridge.realtime.trunk_rows import TrunkFacts, matches, trunk_rows

FACTS = TrunkFacts("carrier", "192.0.2.1", 5070, False, "", ("198.51.100.0/24",), 60)


def test_a_carrier_that_knows_us_by_our_address_needs_neither_auth_nor_registration() -> None:
    rows = trunk_rows(FACTS)
    assert (rows.auth, rows.registration) == (None, None)
    assert rows.endpoint["outbound_auth"] == ""
    assert rows.aor["contact"] == "sip:192.0.2.1:5070"
    assert [row["match"] for row in rows.identify] == ["192.0.2.1", "198.51.100.0/24"]
    assert {row["endpoint"] for row in rows.identify} == {"trunk-carrier"}
    assert len({row["id"] for row in rows.identify}) == 2


def test_a_registration_is_known_by_its_line_and_never_given_up() -> None:
    rows = trunk_rows(replace(FACTS, registers=True, username="u", secret="a-secret"))
    assert rows.auth == auth_columns("trunk-carrier", "u", "a-secret")
    assert rows.registration is not None
    assert rows.registration["line"] == "yes"
    assert rows.registration["client_uri"] == "sip:u@192.0.2.1:5070"
    assert rows.registration["max_retries"] == 1_000_000


def test_nothing_says_who_may_call_by_a_name_of_the_dns() -> None:
    assert matches("sip.carrier.example", ["192.0.2.1", "192.0.2.1"]) == ["192.0.2.1"]
    assert matches("192.0.2.1", ["192.0.2.1"]) == ["192.0.2.1"]


def test_nobody_prints_the_secret() -> None:
    assert "a-secret" not in repr(replace(FACTS, secret="a-secret"))
