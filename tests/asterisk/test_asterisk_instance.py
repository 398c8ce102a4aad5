"""The Asterisk of the tests: side by side with others, and no rights to spare."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection
from pbxbridge.models.database import migrate
from tests.rig.asterisk import AsteriskInstance


@pytest.fixture(scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instances")
    await migrate(f"sqlite://{folder}/pbxbridge.sqlite3")
    return folder


@pytest.fixture(scope="module")
async def asterisk(folder: Path) -> AsyncIterator[AsteriskInstance]:
    async with AsteriskInstance(folder / "first", folder / "pbxbridge.sqlite3") as running:
        yield running


@pytest.fixture
async def ami(asterisk: AsteriskInstance) -> AsyncIterator[AmiConnection]:
    async with open_connection("127.0.0.1", asterisk.ports.ami, 5) as connection:
        answer = await connection.action(
            "Login", Username=asterisk.ami_user, Secret=asterisk.ami_secret, Events="on"
        )
        assert answer.success
        yield connection


async def test_two_instances_run_side_by_side_and_keep_their_ports_over_a_restart(
    asterisk: AsteriskInstance, folder: Path
) -> None:
    async with AsteriskInstance(folder / "second", folder / "pbxbridge.sqlite3") as second:
        ports = second.ports
        await second.restart()
        assert second.ports == ports
        for instance in (asterisk, second):
            shown = await instance.cli("pjsip show transports")
            assert f"127.0.0.1:{instance.ports.sip}" in shown


async def test_nothing_goes_wrong_at_the_start(asterisk: AsteriskInstance) -> None:
    said = asterisk.log.read_text(encoding="utf-8").splitlines()
    assert [line for line in said if "ERROR" in line or "WARNING" in line] == []


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("Command", {"Command": "core show version"}),
        ("Originate", {"Channel": "Local/1@features", "Application": "Wait", "Data": "1"}),
        ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
    ],
)
async def test_the_bridges_ami_user_may_not_do_what_the_bridge_does_not_do(
    ami: AmiConnection, action: str, fields: dict[str, str]
) -> None:
    answer = await ami.action(action, **fields)
    assert not answer.success
    assert answer.message == "Permission denied"


async def test_the_bridges_ari_user_gets_what_the_bridge_uses_and_nobody_else_does(
    asterisk: AsteriskInstance,
) -> None:
    login = aiohttp.encode_basic_auth(asterisk.ari_user, asterisk.ari_secret)
    headers = {"Authorization": login}
    async with aiohttp.ClientSession(asterisk.ari_url, headers=headers) as session:
        async with session.get("/ari/asterisk/info") as answer:
            assert answer.status == 200
        async with session.get("/ari/channels") as answer:
            assert answer.status == 200
        async with session.get("/ari/recordings/stored") as answer:
            assert answer.status == 404
    async with (
        aiohttp.ClientSession(asterisk.ari_url) as anonymous,
        anonymous.get("/ari/asterisk/info") as answer,
    ):
        assert answer.status == 401


async def test_the_configuration_with_its_secrets_is_for_its_owner_only(
    asterisk: AsteriskInstance,
) -> None:
    for name in ("manager.conf", "ari.conf"):
        assert (asterisk.folder / "etc" / name).stat().st_mode & 0o077 == 0


async def test_a_value_that_would_break_out_of_its_line_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="AMI_SECRET"):
        AsteriskInstance(folder / "third", folder / "x", ami_secret="a\n[evil]").render()
