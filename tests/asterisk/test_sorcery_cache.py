"""With a memory cache in front of the tables, every save holds at once as it does without one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from pbxbridge.asterisk.sorcery_cache import CACHES
from pbxbridge.check import check_asterisk, stored_sample
from pbxbridge.events import OutboxChanged
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.models.realtime import PsAuth
from pbxbridge.realtime.auth_row import digest
from tests.asterisk.carrier_calls import reaches, refused
from tests.rig.asterisk import AsteriskInstance
from tests.rig.extensions import delete_knowingly
from tests.rig.system import TESTER, System, running_system
from tests.sip import Phone, Ring

TRUNK = {"name": "carrier", "monitored": False}
_NAME = re.compile(r"^(\S+) +\d+ +\d+ *$", re.MULTILINE)


@dataclass
class CachingAsterisk(AsteriskInstance):
    """The rig's Asterisk with the cache."""

    sorcery_cache: bool = True


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("cached")
    async with running_system(folder, kind=CachingAsterisk) as running:
        await running.told()
        yield running


async def cached(system: System) -> set[tuple[str, str]]:
    """What Asterisk keeps in its caches: which cache, and the object's id."""
    found = set()
    for cache in CACHES.values():
        dump = await system.asterisk.cli(f"sorcery memory cache dump {cache}")
        found |= {(cache, name) for name in _NAME.findall(dump)}
    return found


def objects(*numbers: str) -> set[tuple[str, str]]:
    """The objects of extensions."""
    return {(cache, number) for cache in CACHES.values() for number in numbers}


async def expire(system: System, kind: NoticeKind, subject: str) -> None:
    """Have it expired as a save would, without a save."""
    await AsteriskNotice.create(kind=kind, subject=subject)
    system.bus.publish(OutboxChanged())
    await system.told()


def phone_with(system: System, number: str, secret: str) -> Phone:
    return Phone(number, secret, "127.0.0.1", system.asterisk.ports.sip)


async def test_what_is_not_expired_lags(system: System) -> None:
    await system.extension("2001", secret="0ld-s3cr3t")
    async with (
        phone_with(system, "2001", "0ld-s3cr3t") as old,
        phone_with(system, "2001", "n3w-s3cr3t") as new,
    ):
        assert await old.register() == 200
        new_digest = digest("MD5", "2001", "n3w-s3cr3t")
        assert await PsAuth.filter(id="2001").update(md5_cred=new_digest) == 1
        assert (await old.register(), await new.register()) == (200, 401)
        await expire(system, NoticeKind.EXPIRE_AUTH, "2001")
        assert (await old.register(), await new.register()) == (401, 200)


async def test_a_new_extension_registers_though_its_number_was_asked_for_before(
    system: System,
) -> None:
    async with phone_with(system, "2011", "s0me-s3cr3t") as phone:
        assert await phone.register() == 401
        await system.extension("2011", secret="s0me-s3cr3t")
        assert await phone.register() == 200


async def test_a_changed_secret_holds_at_once(system: System) -> None:
    await system.extension("2021", secret="0ld-s3cr3t")
    async with (
        phone_with(system, "2021", "0ld-s3cr3t") as old,
        phone_with(system, "2021", "n3w-s3cr3t") as new,
    ):
        assert await old.register() == 200
        await system.extensions.update(TESTER, "2021", {"secret": "n3w-s3cr3t"})
        await system.told()
        assert (await old.register(), await new.register()) == (401, 200)


async def test_caller_id_and_class_hold_from_the_next_call_on(system: System) -> None:
    calling = system.calling
    async with AsyncExitStack() as stack:
        outside = await stack.enter_async_context(
            Phone("carrier", "", "127.0.0.5", 5060, bind_host="127.0.0.5")
        )
        outside.on_incoming = Ring()
        host, port = outside.address
        await calling.trunks.create(TESTER, {**TRUNK, "host": host, "port": port})
        await calling.routes.create(
            TESTER, {"name": "all", "pattern": "_0.", "trunks": ["carrier"]}
        )
        await calling.classes.create(TESTER, {"name": "outside", "routes": ["all"]})
        await system.extension("2031", "Before")
        await system.extension("2032", "Bob")
        await system.told()
        alice, bob = await stack.enter_async_context(system.registered("2031", "2032"))
        bob.on_incoming = Ring()
        assert (await reaches(alice, "2032", bob)).caller_name == "Before"
        assert await refused(alice, "0301234") == 403

        changes = {"caller_id_name": "After", "class_of_service": "outside"}
        await system.extensions.update(TESTER, "2031", changes)
        await system.told()
        assert (await reaches(alice, "2032", bob)).caller_name == "After"
        await reaches(alice, "0301234", outside)

        moved = await stack.enter_async_context(
            Phone("carrier", "", "127.0.0.6", 5060, bind_host="127.0.0.6")
        )
        moved.on_incoming = Ring()
        host, port = moved.address
        await calling.trunks.update(TESTER, "carrier", {"host": host, "port": port})
        await system.told()
        await reaches(alice, "0301234", moved)


async def test_the_phone_of_a_deleted_extension_cannot_register(system: System) -> None:
    await system.extension("2041")
    async with await system.phone("2041") as phone:
        assert await phone.register() == 200
        await delete_knowingly(system.extensions, TESTER, "2041")
        await system.told()
        assert await phone.register() == 401
    assert not await cached(system) & objects("2041")


async def test_a_save_expires_what_it_touched_and_nothing_else(system: System) -> None:
    for number in ("2051", "2052"):
        # Qualifying would bring objects back that were expired.
        await system.extension(number, monitored=False)
    own = objects("2051", "2052")
    async with system.registered("2051", "2052"):
        assert own <= await cached(system)
        await system.extensions.update(TESTER, "2051", {"ring_time": 30})
        await system.told()
        assert own <= await cached(system)
        await system.extensions.update(TESTER, "2051", {"secret": "n3w-s3cr3t"})
        await system.told()
        assert own - await cached(system) == {("res_pjsip/auth", "2051")}
        await system.extensions.update(TESTER, "2052", {"caller_id_name": "Else"})
        await system.told()
        gone = {("res_pjsip/auth", "2051"), ("res_pjsip/endpoint", "2052")}
        assert own - await cached(system) == gone


async def test_of_many_all_is_expired_at_once(system: System) -> None:
    await system.extension("2061", monitored=False)
    async with system.registered("2061"):
        assert objects("2061") <= await cached(system)
        await expire(system, NoticeKind.EXPIRE_CACHES, "")
        assert not await cached(system) & objects("2061")


async def test_what_is_not_in_the_cache_is_expired_without_a_complaint(system: System) -> None:
    await expire(system, NoticeKind.EXPIRE_ENDPOINT, "nobody")


async def test_check_says_that_the_setting_is_missing(system: System) -> None:
    settings = system.settings.model_copy(deep=True)
    sample = await stored_sample()
    assert [r for r in await check_asterisk(settings, sample) if not r.ok] == []
    settings.asterisk.sorcery_cache = False
    (fault,) = [r for r in await check_asterisk(settings, sample) if not r.ok]
    assert fault.name == "sorcery.conf"
    assert "PBXBRIDGE_ASTERISK__SORCERY_CACHE is not set" in fault.detail
