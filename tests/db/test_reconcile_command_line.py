"""Reconciliation on the command line."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from pbxbridge.cli import app
from pbxbridge.events import EventBus
from pbxbridge.log import configure_logging
from pbxbridge.models.database import open_database
from pbxbridge.models.realtime import PsAuth, PsEndpoint, VoicemailBox
from pbxbridge.services.actor import CONSOLE
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.settings import LogSettings
from tests.rig.calling import calling_on
from tests.rig.extensions import extensions_on


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs the program on a database with an extension, a trunk and a row of somebody else's."""
    monkeypatch.setenv("PBXBRIDGE_DATABASE__URL", database_url)
    configure_logging(LogSettings(level="warning"))
    asyncio.run(_fill(database_url))
    return CliRunner()


async def _fill(url: str) -> None:
    login = {"username": "us", "secret": "carr1er-s3cr3t"}
    async with open_database(url):
        wanted = {"number": "1001", "caller_id_name": "[red]Ada", "voicemail": True}
        await extensions_on(EventBus()).create(
            CONSOLE, parse_extension({**wanted, "voicemail_pin": "8642"})
        )
        await calling_on(EventBus()).trunks.create(
            CONSOLE, {"name": "carrier", "host": "192.0.2.1", **login}
        )
        await VoicemailBox.create(
            context="default", mailbox="info", password="4711", fullname="Info"
        )


async def _damage(url: str, *, secrets: bool = False) -> None:
    async with open_database(url):
        await PsEndpoint.filter(id="1001").update(context="cos-evil")
        if secrets:
            await PsAuth.all().delete()
            await VoicemailBox.filter(mailbox="1001").delete()


def test_no_drift_ends_with_0_and_says_what_was_compared(run: CliRunner) -> None:
    result = run.invoke(app, ["reconcile"])
    assert result.exit_code == 0
    compared = "1 extension, 1 trunk, 0 phone groups and the dialplan compared: no drift."
    assert result.output == f"{compared} 1 row not ours.\n"
    listed = run.invoke(app, ["reconcile", "--verbose"])
    assert "not ours: voicemail default/info" in listed.output


def test_drift_ends_with_1_until_it_is_repaired(run: CliRunner, database_url: str) -> None:
    asyncio.run(_damage(database_url))
    found = run.invoke(app, ["reconcile"])
    assert found.exit_code == 1
    line = "extension 1001: ps_endpoints 1001: context is 'cos-evil', should be 'cos-internal'"
    assert line in found.output
    assert "no drift" not in found.output
    repaired = run.invoke(app, ["reconcile", "--repair"])
    assert repaired.exit_code == 0
    assert "1 repaired, 0 left." in repaired.output
    assert run.invoke(app, ["reconcile"]).exit_code == 0


def test_lost_secrets_are_named_and_never_shown(run: CliRunner, database_url: str) -> None:
    asyncio.run(_damage(database_url, secrets=True))
    result = run.invoke(app, ["reconcile", "--repair"])
    assert "extension 1001: its secret is lost" in result.output
    assert "extension 1001: has a new secret; the portal shows it" in result.output
    assert "extension 1001: has a random PIN now; set one in the portal" in result.output
    # A carrier's is not ours to choose.
    assert "trunk carrier: its secret is lost; enter it in the portal" in result.output
    assert "1 repaired, 1 left." in result.output
    assert result.exit_code == 1
    for secret in asyncio.run(_secrets(database_url)):
        assert secret not in result.output


async def _secrets(url: str) -> list[str]:
    async with open_database(url):
        auths = await PsAuth.all().values_list("password", flat=True)
        boxes = await VoicemailBox.filter(mailbox="1001").values_list("password", flat=True)
        return [str(secret) for secret in (*auths, *boxes)]
