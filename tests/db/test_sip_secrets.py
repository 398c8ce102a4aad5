"""SIP secrets where there is a key: digests for Asterisk, sealed for us, in clear nowhere."""

from collections.abc import Mapping
from typing import Any

import pytest
from tortoise import Tortoise

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import IaxFriend, PsAuth
from pbxbridge.realtime.auth_row import auth_columns
from pbxbridge.sealing import Seal, new_key
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.services.reconcile.reconcile import Reconciler
from pbxbridge.services.secrets_at_rest import store_secrets_as_wanted, unreadable_secrets
from pbxbridge.services.sip_secrets import SipSecrets
from pbxbridge.services.transfer.transfer import Transfer

OLD, NEW = new_key(), new_key()
SECRET, OTHER = "s3cr3t-0f-4-ph0ne", "th3-0ther-s3cr3t"


def site(*keys: str, in_clear: bool = False) -> SiteDefaults:
    secrets = SipSecrets(Seal(keys) if keys else None, in_clear)
    return SiteDefaults(60, 20, can_link=True, secrets=secrets)


def service(*keys: str, in_clear: bool = False) -> Extensions:
    return Extensions(EventBus(), site(*keys, in_clear=in_clear), Licences(None))


async def create(extensions: Extensions, admin: Actor, number: str = "1001", **fields: Any) -> None:
    values = {"number": number, "caller_id_name": "Ada", "secret": SECRET, **fields}
    await extensions.create(admin, parse_extension(values))


async def auth(auth_id: str = "1001") -> Mapping[str, object]:
    (row,) = await PsAuth.filter(id=auth_id).values(*auth_columns("", "", ""))
    return {name: value or "" for name, value in row.items()}


async def everything() -> str:
    """Return all that any table holds."""
    rows = [
        await model.all().values()
        for models in Tortoise.apps.values()
        for model in models.values()
        if model._meta.db_table != "ast_config"
    ]
    return repr(rows)


@pytest.mark.alembic
async def test_a_secret_is_nowhere_in_clear_and_can_still_be_shown(
    database: str, admin: Actor
) -> None:
    extensions = service(OLD)
    await create(extensions, admin, auth_username="ada", auth_secret=OTHER)
    assert await auth() == auth_columns("1001", "1001", SECRET, ["MD5"])
    assert await auth("1001-auth") == auth_columns("1001-auth", "ada", OTHER, ["MD5"])
    assert await extensions.secret(admin, "1001") == SECRET
    assert await extensions.auth_secret(admin, "1001") == OTHER
    stored = await everything()
    assert "1001" in stored
    assert SECRET not in stored
    assert OTHER not in stored


async def test_a_phone_that_does_better_than_md5_is_asked_for_that_first(
    database: str, admin: Actor
) -> None:
    secrets = SipSecrets(Seal([OLD]), algorithms_of=lambda _: ("SHA-256", "MD5"))
    extensions = Extensions(EventBus(), SiteDefaults(60, 20, secrets=secrets), Licences(None))
    await create(extensions, admin)
    row = await auth()
    assert row["supported_algorithms_uas"] == "SHA-256,MD5"
    assert str(row["password_digest"]).startswith("SHA-256:")
    assert row == auth_columns("1001", "1001", SECRET, ["SHA-256", "MD5"])


async def test_other_changes_leave_the_secret_and_its_seal_alone(
    database: str, admin: Actor
) -> None:
    extensions = service(OLD)
    await create(extensions, admin)
    sealed, row = (await Extension.get(number="1001")).sealed_secret, await auth()
    await extensions.update(admin, "1001", {"caller_id_name": "Grace"})
    await extensions.update_many(admin, ["1001"], {"do_not_disturb": True})
    assert (await Extension.get(number="1001")).sealed_secret == sealed
    assert await auth() == row
    new = await extensions.regenerate_secret(admin, "1001")
    assert await auth() == auth_columns("1001", "1001", new, ["MD5"])
    assert await extensions.secret(admin, "1001") == new
    await extensions.update(admin, "1001", {"secret": OTHER})
    await extensions.update_many(admin, ["1001"], {"secret": SECRET})
    assert await extensions.secret(admin, "1001") == SECRET
    assert await auth() == auth_columns("1001", "1001", SECRET, ["MD5"])


async def test_chan_iax2_needs_the_secret_in_clear_and_keeps_it(
    database: str, admin: Actor
) -> None:
    extensions = service(OLD)
    await create(extensions, admin)
    await extensions.update(admin, "1001", {"device_type": "IAX2"})
    assert (await IaxFriend.get(name="1001")).secret == SECRET
    assert (await Extension.get(number="1001")).sealed_secret == ""
    await extensions.update_many(admin, ["1001"], {"device_type": "SIP"})
    assert await extensions.secret(admin, "1001") == SECRET
    assert SECRET not in await everything()


async def test_imported_secrets_are_sealed_as_well(database: str, admin: Actor) -> None:
    transfer = Transfer(EventBus(), site(OLD), Licences(None))
    file = f"number,caller_id_name,secret\n1001,Ada,{SECRET}\n1002,Grace,\n".encode()
    await transfer.apply(admin, await transfer.plan(file))
    extensions = service(OLD)
    assert await extensions.secret(admin, "1001") == SECRET
    assert len(await extensions.secret(admin, "1002")) == 24
    changed = f"number,secret\n1001,{OTHER}\n".encode()
    await transfer.apply(admin, await transfer.plan(changed))
    assert await extensions.secret(admin, "1001") == OTHER
    assert await auth() == auth_columns("1001", "1001", OTHER, ["MD5"])
    assert OTHER not in await everything()


@pytest.mark.alembic
async def test_a_start_brings_all_secrets_to_a_new_key_or_setting(
    database: str, admin: Actor
) -> None:
    await create(service(), admin, auth_username="ada", auth_secret=OTHER)
    assert await auth() == auth_columns("1001", "1001", SECRET)
    for keys, in_clear in (
        ([OLD], False),
        ([NEW, OLD], False),
        ([NEW], False),
        ([NEW], True),
        ([], False),
        ([OLD], False),
    ):
        wanted = site(*keys, in_clear=in_clear)
        await store_secrets_as_wanted(wanted)
        algorithms = wanted.secrets.algorithms("")
        assert bool(algorithms) is (bool(keys) and not in_clear)
        assert await auth() == auth_columns("1001", "1001", SECRET, algorithms)
        assert await auth("1001-auth") == auth_columns("1001-auth", "ada", OTHER, algorithms)
        extensions = service(*keys, in_clear=in_clear)
        assert await extensions.secret(admin, "1001") == SECRET
        assert await extensions.auth_secret(admin, "1001") == OTHER
        assert (SECRET in await everything()) is not bool(algorithms)


async def test_a_lost_key_costs_no_secret_unasked(database: str, admin: Actor) -> None:
    await create(service(OLD), admin)
    before = await auth()
    extensions = service(NEW)
    await store_secrets_as_wanted(site(NEW))
    assert await unreadable_secrets(site(NEW).secrets) == 1
    with pytest.raises(Conflict, match="cannot be read"):
        await extensions.secret(admin, "1001")
    for change in (
        extensions.update(admin, "1001", {"caller_id_name": "Grace"}),
        extensions.update_many(admin, ["1001"], {"caller_id_name": "Grace"}),
    ):
        with pytest.raises(Invalid, match="cannot be read"):
            await change
    reconciler = Reconciler(site(NEW))
    report = await reconciler.find()
    assert report.drifts == []
    assert await auth() == before
    assert await service(OLD).secret(admin, "1001") == SECRET
    await extensions.update(admin, "1001", {"secret": OTHER})
    assert await extensions.secret(admin, "1001") == OTHER
    assert await unreadable_secrets(site(NEW).secrets) == 0


async def test_a_lost_row_of_asterisks_comes_back_with_the_same_secret(
    database: str, admin: Actor
) -> None:
    extensions = service(OLD)
    await create(extensions, admin)
    before = await auth()
    await PsAuth.all().delete()
    reconciler = Reconciler(site(OLD))
    report = await reconciler.find()
    assert [drift.lost for drift in report.drifts] == [()]
    await reconciler.repair(admin, report)
    assert await auth() == before


async def test_a_secret_that_is_lost_altogether_is_made_anew_and_sealed(
    database: str, admin: Actor
) -> None:
    extensions = service(OLD)
    await create(extensions, admin)
    await PsAuth.all().delete()
    await Extension.all().update(sealed_secret="")
    reconciler = Reconciler(site(OLD))
    await reconciler.repair(admin, await reconciler.find())
    assert (await reconciler.find()).drifts == []
    new = await extensions.secret(admin, "1001")
    assert len(new) == 24
    assert await auth() == auth_columns("1001", "1001", new, ["MD5"])
    assert new not in str(await AuditEntry.all().values())
