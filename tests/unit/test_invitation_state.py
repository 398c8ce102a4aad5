"""What the row shows of an invitation, decided from its dates and its mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from pbxbridge.models.outbox import MailState
from pbxbridge.phones.variables import Server
from pbxbridge.services.invitations.softphone import Softphone
from pbxbridge.services.invitations.state import (
    OPEN,
    InvitationState,
    state_of,
    why_no_link,
    why_not_for,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Dates:
    expires_at: datetime = NOW + HOUR
    opened_at: datetime | None = None
    claimed_at: datetime | None = None
    revoked_at: datetime | None = None


@pytest.mark.parametrize(
    ("mail", "state"),
    [
        (MailState.WAITING, "queued"),
        (MailState.HELD, "queued"),
        (MailState.SENT, "sent"),
        (MailState.DEAD, "failed"),
        (MailState.DROPPED, "failed"),
        (None, "failed"),
    ],
)
def test_until_somebody_comes_the_mail_decides(mail: MailState | None, state: str) -> None:
    assert state_of(Dates(), mail, NOW) == state
    assert InvitationState(state) in OPEN
    # Who has the link came by it somehow.
    assert state_of(Dates(opened_at=NOW), mail, NOW) == "opened"


def test_what_happened_last_is_what_it_is() -> None:
    before = NOW - HOUR
    for dates, state in (
        (Dates(claimed_at=before, opened_at=before, revoked_at=NOW, expires_at=before), "claimed"),
        (Dates(revoked_at=before, opened_at=before, expires_at=before), "revoked"),
        (Dates(opened_at=before, expires_at=NOW), "expired"),
        (Dates(expires_at=NOW), "expired"),
    ):
        for mail in (*MailState, None):
            assert state_of(dates, mail, NOW) == state
        assert InvitationState(state) not in OPEN


@dataclass(frozen=True)
class Line:
    device_type: str = "SIP"
    phone_make: str = "IntellaPhone"
    auth_username: str = ""


def test_a_softphone_that_logs_in_as_the_extension_can_be_invited_to() -> None:
    for kind in ("SIP", "SIP-VIRTUAL"):
        assert why_not_for(Line(kind), is_softphone=True) == ""
    for kind in ("IAX2", "DAHDI", "VIRTUAL"):
        assert "SIP device" in why_not_for(Line(kind), is_softphone=True)
    assert "choose one as Phone Make first" in why_not_for(Line(), is_softphone=False)
    assert "logs in as boss" in why_not_for(Line(auth_username="boss"), is_softphone=True)


@pytest.mark.parametrize(
    ("url", "can_be"),
    [
        ("https://pbx.example.com", True),
        ("http://localhost:8080", True),
        ("http://127.0.0.1:8080/", True),
        ("http://[::1]:8080", True),
        ("http://pbx.example.com", False),
        ("http://192.168.1.5", False),
        ("http://localhost.example.com", False),
        ("", False),
    ],
)
def test_a_link_is_mailed_only_where_nobody_on_the_way_can_read(url: str, can_be: bool) -> None:
    why = why_no_link(url)
    assert bool(why) is not can_be
    assert can_be or "PBXBRIDGE_WEB__PUBLIC_URL" in why


def softphone(host: str, port: int = 5060, transport: str = "udp") -> Softphone:
    return Softphone(registers_at=Server(host, port, transport))


@pytest.mark.parametrize(
    ("told", "uri"),
    [
        (softphone("pbx.example.com"), "sip:1001@pbx.example.com"),
        (softphone("pbx.example.com", 5070), "sip:1001@pbx.example.com:5070"),
        (
            softphone("pbx.example.com", 5061, "tls"),
            "sip:1001@pbx.example.com;transport=tls",
        ),
        (
            softphone("2001:db8::1", 5062, "tcp"),
            "sip:1001@[2001:db8::1]:5062;transport=tcp",
        ),
        (Softphone(), ""),
    ],
)
def test_the_sip_address_says_where_to_register(told: Softphone, uri: str) -> None:
    assert told.uri("1001") == uri
