"""Desk phones' files: what is in them, who gets which, and what is put down of it."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from pbxbridge.errors import NotFound
from pbxbridge.mirror.board import Board
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.phone_settings import PhoneSettings
from pbxbridge.sealing import Seal
from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.addresses import NoSuchAddress
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.desk_phones.files import NoFile
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.sip_secrets import SipSecrets
from tests.db.fetching_phones import FETCHED, FILE, MAC, OTHER, asked, fetched, token_for
from tests.rig.desk_phones import PUBLIC_URL, desk_phones_on
from tests.rig.phone_files import read_yealink
from tests.web.forms import add


async def test_an_address_leads_to_every_line_of_the_phone(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    token = await token_for(phones, admin)
    read = read_yealink(await fetched(phones, token))
    assert read.address == f"{PUBLIC_URL}/provision/{token}"
    first, third = read.lines[1], read.lines[3]
    assert (first.user, first.auth_user, first.voicemail) == ("1001", "1001", "*97")
    assert first.secret == await carried.secret(admin, "1001")
    assert (third.user, third.auth_user, third.secret) == ("1003", "desk.three", "another-secret")
    assert (third.voicemail, third.display_name) == ("", "Desk 1003")
    assert first.server == "pbx.example.com"


async def test_each_download_is_put_down(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    token = await token_for(phones, admin)
    await phones.file_by_token(token, asked(is_fetched=False))
    assert not await AuditEntry.filter(action=FETCHED).exists()
    await fetched(phones, token, FILE.upper())
    await phones.file_by_mac(asked())
    entries = await AuditEntry.filter(action=FETCHED)
    assert [(e.actor, e.address, e.subject) for e in entries] == [("phone", "192.0.2.7", MAC)] * 2
    assert entries[0].after == {"file": FILE, "lines": ["1001", "1003"]}
    view = await phones.get(MAC)
    assert (view.fetched_file, view.fetched_from) == (FILE, "192.0.2.7")
    assert view.fetched_at is not None
    made = await AuditEntry.get(action="phone.address-made")
    assert (made.actor, made.subject, made.after) == (admin.login, MAC, {})


async def test_a_file_by_mac_address_names_no_address(
    carried: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    await token_for(phones, admin)
    assert read_yealink((await phones.file_by_mac(asked())).text).address == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (f"{OTHER}.cfg", "of another"),
        ("y000000000000.cfg", "of no phone"),
        (f"{MAC}.boot", "which there is none of"),
        ("", "without a name"),
    ],
)
async def test_there_is_no_other_file(
    carried: Extensions, phones: DeskPhones, admin: Actor, name: str, why: str
) -> None:
    await add(carried, admin, "2001", mac=OTHER, phone_make="Snom")
    token = await token_for(phones, admin)
    with pytest.raises(NotFound) as refused:
        await fetched(phones, token, name)
    assert not isinstance(refused.value, NoSuchAddress), why
    with pytest.raises(NotFound):
        await phones.file_by_mac(asked(name))
    assert not await AuditEntry.filter(action=FETCHED).exists()


async def test_a_secret_that_no_key_opens_leaves_no_half_file(
    carried: Extensions, board: Board, admin: Actor
) -> None:
    seal = Seal([Fernet.generate_key().decode()])
    sealed = SipSecrets(seal).sealed("another-secret", "1003-auth")
    await Extension.filter(number="1003").update(sealed_auth_secret=sealed)
    assert (
        read_yealink(
            (await desk_phones_on(board, secrets=SipSecrets(seal)).file_by_mac(asked())).text
        )
        .lines[3]
        .secret
        == "another-secret"
    )
    await AuditEntry.all().delete()
    with capture_logs() as logs, pytest.raises(NoFile):
        await desk_phones_on(board).file_by_mac(asked())
    (told,) = logs
    assert (told["event"], told["mac"]) == ("phones.file_refused", MAC)
    assert "1003" in told["reason"]
    assert not await AuditEntry.exists()


async def test_where_to_register_may_be_said_apart_or_not_at_all(
    carried: Extensions, board: Board
) -> None:
    said = PhoneSettings(sip_host="sip.example.com", sip_port=5061, sip_transport="tls")
    line = read_yealink((await desk_phones_on(board, phones=said).file_by_mac(asked())).text).lines[
        1
    ]
    assert (line.server, line.port, line.transport) == ("sip.example.com", 5061, "tls")
    with pytest.raises(NoFile):
        await desk_phones_on(board, public_url="").file_by_mac(asked())


async def test_lines_beyond_what_the_make_knows_are_left_out_and_shown(
    extensions: Extensions, phones: DeskPhones, admin: Actor
) -> None:
    await add(extensions, admin, "1001", mac=MAC, phone_make="Yealink")
    await add(extensions, admin, "1017", mac=MAC, registration_number=17)
    assert list(read_yealink((await phones.file_by_mac(asked())).text).lines) == [1]
    lines = (await phones.get(MAC)).lines
    assert [(line.number, line.is_beyond) for line in lines] == [("1001", False), ("1017", True)]
