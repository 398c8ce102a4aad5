"""What Asterisk's memory cache must drop is stored with each change, and nothing else."""

from __future__ import annotations

import pytest

from pbxbridge.events import EventBus
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.services.sorcery_cache import MOST_ALONE
from pbxbridge.services.transfer.transfer import Transfer
from tests.rig.calling import calling_on
from tests.rig.extensions import delete_knowingly, extensions_on
from tests.rig.transfer import import_rows

ENDPOINT, AUTH, AOR = ("expire-endpoint", "expire-auth", "expire-aor")
CARRIER = {"name": "carrier", "host": "192.0.2.1", "username": "us", "secret": "s3cr3t-s3cr3t"}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def extensions(bus: EventBus) -> Extensions:
    return extensions_on(bus, sorcery_cache=True)


async def create(extensions: Extensions, admin: Actor, *numbers: str, **fields: object) -> None:
    for number in numbers:
        wanted = {"number": number, "caller_id_name": "Somebody", **fields}
        await extensions.create(admin, parse_extension(wanted))
    await AsteriskNotice.all().delete()


async def expiries() -> list[tuple[str, str]]:
    """What is to be expired, in the order in which it is told."""
    rows = await AsteriskNotice.filter(kind__startswith="expire-").order_by("id")
    return [(row.kind.value, row.subject) for row in rows]


async def test_a_new_extension_needs_no_expiry(extensions: Extensions, admin: Actor) -> None:
    wanted = parse_extension({"number": "1001", "caller_id_name": "Somebody"})
    await extensions.create(admin, wanted)
    assert await expiries() == []


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        ({"caller_id_name": "Somebody else"}, [(ENDPOINT, "1001")]),
        ({"secret": "n3w-s3cr3t"}, [(AUTH, "1001")]),
        ({"monitored": False}, [(AOR, "1001")]),
        ({"ring_time": 30, "voicemail": True, "voicemail_pin": "8642"}, [(ENDPOINT, "1001")]),
        ({"ring_time": 30}, []),
        ({"auth_username": "us", "auth_secret": "n3w-s3cr3t"}, [(ENDPOINT, "1001")]),
        ({"device_type": "IAX2"}, [(AOR, "1001"), (AUTH, "1001"), (ENDPOINT, "1001")]),
    ],
)
async def test_a_change_expires_exactly_what_it_touched(
    extensions: Extensions,
    admin: Actor,
    changes: dict[str, object],
    touched: list[tuple[str, str]],
) -> None:
    await create(extensions, admin, "1001", "1002")
    await extensions.update(admin, "1001", changes)
    assert await expiries() == touched


async def test_a_new_secret_and_a_deletion_expire_theirs(
    extensions: Extensions, admin: Actor
) -> None:
    override = {"auth_username": "us", "auth_secret": "n3w-s3cr3t"}
    await create(extensions, admin, "1001", "1002", **override)
    await extensions.regenerate_secret(admin, "1001")
    assert await expiries() == [(AUTH, "1001")]
    await AsteriskNotice.all().delete()
    await delete_knowingly(extensions, admin, "1001")
    gone = [(ENDPOINT, "1001"), (AUTH, "1001"), (AOR, "1001"), (AUTH, "1001-auth")]
    assert await expiries() == gone


async def test_what_is_expired_is_expired_before_it_is_asked_for(
    extensions: Extensions, admin: Actor
) -> None:
    await create(extensions, admin, "1001")
    await extensions.update(admin, "1001", {"monitored": False})
    kinds = [row.kind for row in await AsteriskNotice.all().order_by("id")]
    assert kinds == [NoticeKind.EXPIRE_AOR, NoticeKind.REFRESH_QUALIFY]


async def test_a_trunk_expires_its_objects_before_its_modules_are_reloaded(
    bus: EventBus, admin: Actor
) -> None:
    trunks = calling_on(bus, sorcery_cache=True).trunks
    await trunks.create(admin, {**CARRIER, "registers": True})
    assert await expiries() == []
    await AsteriskNotice.all().delete()
    await trunks.update(admin, "carrier", {"host": "192.0.2.2", "secret": "0th3r-s3cr3t"})
    kinds = [row.kind.value for row in await AsteriskNotice.all().order_by("id")]
    assert kinds == [AOR, AUTH, "reload-trunks", "reload-registrations"]
    await AsteriskNotice.all().delete()
    await trunks.delete(admin, "carrier")
    id_ = "trunk-carrier"
    assert await expiries() == [(AOR, id_), (AUTH, id_), (ENDPOINT, id_)]


async def test_an_import_expires_what_it_changes_of_what_was_there(
    extensions: Extensions, admin: Actor, bus: EventBus
) -> None:
    await create(extensions, admin, "1001")
    transfer = Transfer(bus, SiteDefaults(60, 20, sorcery_cache=True), Licences(None))
    rows = [{"number": number, "caller_id_name": "Imported"} for number in ("1001", "1002")]
    await import_rows(transfer, admin, *rows)
    assert await expiries() == [(ENDPOINT, "1001")]


async def test_of_very_many_all_is_expired_by_one_notice(
    extensions: Extensions, admin: Actor
) -> None:
    numbers = [str(number) for number in range(1001, 1002 + MOST_ALONE)]
    await create(extensions, admin, *numbers)
    await extensions.update_many(admin, numbers[:MOST_ALONE], {"caller_id_name": "Alone"})
    assert len(await expiries()) == MOST_ALONE
    await AsteriskNotice.all().delete()
    await extensions.update_many(admin, numbers, {"caller_id_name": "Together"})
    assert await expiries() == [("expire-caches", "")]


async def test_without_the_cache_nothing_is_expired(bus: EventBus, admin: Actor) -> None:
    extensions, trunks = extensions_on(bus), calling_on(bus).trunks
    await create(extensions, admin, "1001", "1002")
    await extensions.update(admin, "1001", {"caller_id_name": "Else", "secret": "n3w-s3cr3t"})
    await extensions.update_many(admin, ["1001", "1002"], {"monitored": False})
    await extensions.regenerate_secret(admin, "1002")
    await delete_knowingly(extensions, admin, "1001")
    await trunks.create(admin, CARRIER)
    await trunks.update(admin, "carrier", {"host": "192.0.2.2"})
    await trunks.delete(admin, "carrier")
    assert await expiries() == []
