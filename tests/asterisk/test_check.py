"""`pbxbridge check` says what works, and what to do about what does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import count

import pytest

from pbxbridge.check import check_asterisk, stored_sample
from pbxbridge.services.call_centre.inputs import QueueInput
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.calling.records import Stored
from tests.rig.asterisk_edits import Edit, commented, edited, restart_as_it_is
from tests.rig.command_line import environment, run_pbxbridge
from tests.rig.extensions import delete_knowingly
from tests.rig.system import TESTER, System

FILES = ["extconfig.conf", "sorcery.conf", "extensions.conf", "iax.conf"]
NAMES = [
    *("database", "realtime tables", "Asterisk's mail", "SIP secrets"),
    *("AMI", *FILES, "trunks", "queues", "modules"),
    *("ARI", "SMTP", "voicemail spool"),
]
iax2_numbers = count(2001)
SALES = {"name": "sales", "number": "700"}


async def check(variables: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
    """Run the command; return its exit code, what failed with its sentence, and all it said."""
    code, said = await run_pbxbridge(variables, "check")
    failed: dict[str, str] = {}
    for line in said.splitlines():
        if line.startswith("FAIL"):
            name = line[6:22].strip()
            failed[name] = f"{failed.get(name, '')}{line[23:]}\n"
    return code, failed, said


async def wrong_with_asterisk(system: System) -> tuple[dict[str, list[str]], str]:
    """Check as the command does, in this process; return what failed and all remedies."""
    results = await check_asterisk(system.settings, await stored_sample())
    failed: dict[str, list[str]] = {}
    for result in results:
        if not result.ok:
            failed.setdefault(result.name, []).append(result.detail)
    return failed, " ".join(result.remedy for result in results)


@pytest.fixture
async def iax2_extension(system: System) -> AsyncIterator[str]:
    """An IAX2 extension that is there for one test."""
    # A number is given out again only when Asterisk was told that it is free.
    number = str(next(iax2_numbers))
    await system.extension(number, device_type="IAX2")
    yield number
    await delete_knowingly(system.extensions, TESTER, number)


@pytest.fixture
async def queue(system: System) -> AsyncIterator[Stored[QueueInput]]:
    """A queue that is there for one test."""
    queues = Queues(system.bus)
    stored = await queues.create(TESTER, SALES)
    yield stored
    await queues.delete(TESTER, stored.name, stored.version)


async def test_everything_is_well_on_a_running_system(system: System) -> None:
    code, failed, said = await check(environment(system))
    assert (code, failed) == (0, {})
    assert [line[6:22].strip() for line in said.splitlines()] == NAMES


@pytest.mark.parametrize(
    ("variable", "value", "name", "sentence"),
    [
        ("ASTERISK__AMI_SECRET", "wr0ng", "AMI", "refused the AMI login of user pbxbridge"),
        ("ASTERISK__AMI_PORT", "1", "AMI", "Connection refused"),
        ("ASTERISK__ARI_SECRET", "wr0ng", "ARI", "refused the ARI login of user pbxbridge"),
        ("ASTERISK__ARI_URL", "http://127.0.0.1:1/", "ARI", "No ARI at"),
        ("SMTP__PORT", "1", "SMTP", "127.0.0.1"),
        ("DATABASE__URL", "sqlite:///nowhere/at/all.sqlite3", "database", "is not there"),
    ],
)
async def test_one_wrong_setting_fails_one_check_and_says_what_to_do(
    system: System, variable: str, value: str, name: str, sentence: str
) -> None:
    code, failed, said = await check(environment(system) | {f"PBXBRIDGE_{variable}": value})
    assert code == 1
    assert list(failed) == [name]
    assert sentence in failed[name]
    assert "-> " in said
    for secret in ("wr0ng", system.asterisk.ami_secret, system.asterisk.ari_secret):
        assert secret not in said


async def test_everything_is_well_with_an_iax2_extension(
    system: System, iax2_extension: str
) -> None:
    results = await check_asterisk(system.settings, await stored_sample())
    assert [result.name for result in results if result.ok] == [
        *("AMI", *FILES, "trunks", "queues", "modules")
    ]
    assert all(result.ok for result in results)
    assert "has the IAX2 extensions" in [result.detail for result in results]


@pytest.mark.parametrize(
    ("edit", "name", "missing"),
    [
        (
            ("manager.conf", "\nread = system,call,agent\n", "\nread = system,agent\n"),
            "AMI",
            "read right `call`",
        ),
        (
            ("manager.conf", "\nread = system,call,agent\n", "\nread = system,call\n"),
            "AMI",
            "read right `agent`",
        ),
        # Asterisk does not take a right with a blank before it.
        (
            ("manager.conf", "\nread = system,call,agent\n", "\nread = system, call,agent\n"),
            "AMI",
            "read right `call`",
        ),
        (commented("extconfig.conf", "ps_endpoints"), "extconfig.conf", "`ps_endpoints`"),
        (commented("extconfig.conf", "voicemail"), "extconfig.conf", "`voicemail`"),
        (
            ("res_config_sqlite3.conf", "[endpoints]", "[other]"),
            "extconfig.conf",
            "`endpoints`, which res_config_sqlite3.conf does not have",
        ),
        (
            commented("sorcery.conf", "auth = realtime"),
            "sorcery.conf",
            "`auth = realtime,ps_auths`",
        ),
        (
            ("extensions.conf", "[sub-extension]", "[sub-extension-old]"),
            "extensions.conf",
            "[sub-extension]",
        ),
        (
            commented("extensions.conf", "switch =>"),
            "extensions.conf",
            "switch to the database",
        ),
        (
            ("extensions.conf", '#include "classes_of_service.conf"', ""),
            "extensions.conf",
            "[cos-internal]",
        ),
    ],
)
async def test_a_piece_that_configuration_lacks_is_named(
    system: System, edit: Edit, name: str, missing: str
) -> None:
    with edited(system.asterisk, edit):
        failed, remedy = await wrong_with_asterisk(system)
    assert list(failed) == [name]
    (detail,) = failed[name]
    assert missing in detail
    assert edit[0] in remedy
    assert system.asterisk.ami_secret not in detail + remedy


@pytest.mark.parametrize(
    ("edit", "name", "missing"),
    [
        (commented("extconfig.conf", "iax_friends.conf"), "extconfig.conf", "`iax_friends.conf`"),
        (("iax.conf", '\n#include "iax_friends.conf"', ""), "iax.conf", "IAX2 extension"),
    ],
)
async def test_what_iax2_lacks_is_wrong_as_soon_as_an_extension_uses_it(
    system: System, iax2_extension: str, edit: Edit, name: str, missing: str
) -> None:
    secret = await system.extensions.secret(TESTER, iax2_extension)
    with edited(system.asterisk, edit):
        failed, remedy = await wrong_with_asterisk(system)
    assert list(failed) == [name]
    (detail,) = failed[name]
    assert missing in detail
    assert edit[0] in remedy
    assert secret not in detail + remedy


async def test_everything_is_well_with_a_queue(system: System, queue: Stored[QueueInput]) -> None:
    results = await check_asterisk(system.settings, await stored_sample())
    assert [result.detail for result in results if not result.ok] == []
    assert "callers can wait, and agents log in" in [result.detail for result in results]


@pytest.mark.parametrize(
    ("edit", "name", "missing"),
    [
        (commented("extconfig.conf", "queue_members"), "queues", "`queue_members`"),
        (commented("queues.conf", "log_membername_as_agent"), "queues", "log_membername_as_agent"),
        (commented("logger.conf", "queue_adaptive"), "queues", "queue_adaptive_realtime"),
        (("musiconhold.conf", "[default]", "[other]"), "queues", "[default]"),
        (("extensions.conf", "[agent-login]", "[agents-log-in]"), "queues", "[agent-login]"),
        (commented("extensions.conf", "exten => *45,"), "queues", "`*45`"),
    ],
)
async def test_what_queues_lack_is_wrong_as_soon_as_there_is_one(
    system: System, queue: Stored[QueueInput], edit: Edit, name: str, missing: str
) -> None:
    with edited(system.asterisk, edit):
        failed, remedy = await wrong_with_asterisk(system)
    assert list(failed) == [name]
    (detail,) = failed[name]
    assert missing in detail
    assert edit[0] in remedy


async def test_an_asterisk_without_queues_is_told_before_there_is_one_and_fails_after_that(
    system: System,
) -> None:
    no_queues = ("modules.conf", "autoload = yes\n", "autoload = yes\nnoload = app_queue.so\n")
    with edited(system.asterisk, no_queues):
        await restart_as_it_is(system.asterisk)
        code, failed, said = await check(environment(system))
        assert (code, failed) == (0, {})
        assert "Load app_queue.so (modules.conf)" in said
        queues = Queues(system.bus)
        stored = await queues.create(TESTER, SALES)
        try:
            wrong, _ = await wrong_with_asterisk(system)
        finally:
            await queues.delete(TESTER, stored.name, stored.version)
    await system.asterisk.restart()
    assert list(wrong) == ["queues"]
    assert "app_queue is not loaded" in wrong["queues"][0]


async def test_an_asterisk_without_iax2_will_do_where_no_extension_uses_it(system: System) -> None:
    no_iax2 = ("modules.conf", "autoload = yes\n", "autoload = yes\nnoload = chan_iax2.so\n")
    with edited(system.asterisk, no_iax2, commented("extconfig.conf", "iax_friends.conf")):
        await restart_as_it_is(system.asterisk)
        code, failed, said = await check(environment(system))
        assert (code, failed) == (0, {})
        assert "Load chan_iax2.so" in said
        assert "Add `iax_friends.conf => sqlite3,endpoints,iaxfriends_conf`" in said

        number = str(next(iax2_numbers))
        await system.extension(number, device_type="IAX2")
        try:
            wrong, _ = await wrong_with_asterisk(system)
        finally:
            await delete_knowingly(system.extensions, TESTER, number)
    assert list(wrong) == ["extconfig.conf", "iax.conf"]
    assert "chan_iax2 is not loaded" in wrong["iax.conf"][-1]
    await system.asterisk.restart()


async def test_an_asterisk_that_reads_few_of_the_tables_is_told_each_of_them(
    system: System, iax2_extension: str
) -> None:
    families = ("ps_endpoints", "ps_aors", "voicemail", "extensions", "iax_friends.conf")
    with edited(
        system.asterisk,
        ("manager.conf", "\nread = system,call,agent\n", "\nread = system,agent\n"),
        *(commented("extconfig.conf", family) for family in families),
        ("iax.conf", '\n#include "iax_friends.conf"', ""),
        ("extensions.conf", "[sub-extension]", "[sub-extension-old]"),
    ):
        await restart_as_it_is(system.asterisk)
        code, failed, said = await check(environment(system))
    await system.asterisk.restart()
    assert code == 1
    assert list(failed) == ["AMI", "extconfig.conf", "extensions.conf", "iax.conf", "modules"]
    assert "rights that the bridge needs" not in said
    for family in families:
        assert f"no line for `{family}`" in failed["extconfig.conf"]
        assert f"-> Add `{family} => sqlite3," in said
    # Asterisk's modules go without: what says so is no more than the consequence.
    assert "res_pjsip is not loaded, or did not start" in failed["modules"]
    assert "may not perform" not in said


async def test_classes_of_service_that_are_no_table_are_told_with_what_that_leads_to(
    system: System,
) -> None:
    with edited(system.asterisk, commented("extconfig.conf", "classes_of_service.conf")):
        await system.asterisk.cli("module reload extconfig")
        failed, _ = await wrong_with_asterisk(system)
    await system.asterisk.cli("module reload extconfig")
    assert list(failed) == ["extconfig.conf", "extensions.conf"]
    assert "`classes_of_service.conf`" in failed["extconfig.conf"][0]
    assert "invalid format" in failed["extensions.conf"][0]


async def test_a_login_that_may_not_write_system_is_told_and_no_more_is_guessed(
    system: System,
) -> None:
    rights = ("manager.conf", "\nwrite = system,user,agent\n", "\nwrite = user,agent\n")
    with edited(system.asterisk, rights):
        await system.asterisk.cli("manager reload")
        failed, _ = await wrong_with_asterisk(system)
    await system.asterisk.cli("manager reload")
    assert list(failed) == ["AMI", "configuration"]
    assert "no write right `system`" in failed["AMI"][0]
    assert "could not be checked" in failed["configuration"][0]


async def test_a_login_that_may_not_write_agent_is_told_so(system: System) -> None:
    rights = ("manager.conf", "\nwrite = system,user,agent\n", "\nwrite = system,user\n")
    with edited(system.asterisk, rights):
        await system.asterisk.cli("manager reload")
        failed, remedy = await wrong_with_asterisk(system)
    await system.asterisk.cli("manager reload")
    assert list(failed) == ["AMI"]
    assert "no write right `agent`" in failed["AMI"][0]
    assert "`write = system,user,agent`" in remedy


async def test_a_database_without_its_tables_is_told_apart(system: System) -> None:
    empty = system.asterisk.folder / "empty.sqlite3"
    empty.touch()
    code, failed, said = await check(
        environment(system) | {"PBXBRIDGE_DATABASE__URL": f"sqlite://{empty}"}
    )
    assert code == 1
    assert list(failed) == ["database", "realtime tables"]
    assert "pbxbridge migrate" in said


async def test_a_setting_that_makes_no_sense_is_named() -> None:
    code, _, said = await check({"PBXBRIDGE_WEB__PORT": "many"})
    assert code == 2
    assert "PBXBRIDGE_WEB__PORT" in said
