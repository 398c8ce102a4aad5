"""SIP secrets where there is a key: digests for Asterisk, sealed for us, in clear nowhere."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from tortoise import Tortoise

from pbxbridge.check_secrets import secrets_result
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
    assert (await Extension.get(number="1001")).sealed_secret == sealed
    await extensions.update_many(admin, ["1001"], {"do_not_disturb": True})
    assert await extensions.secret(admin, "1001") == SECRET
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


async def rename(extensions: Extensions, admin: Actor) -> None:
    await extensions.update(admin, "1001", {"caller_id_name": "Grace"})


async def save_as_it_is(extensions: Extensions, admin: Actor) -> None:
    await extensions.update(admin, "1001", {})


async def change_many(extensions: Extensions, admin: Actor) -> None:
    await extensions.update_many(admin, ["1001"], {"caller_id_name": "Grace"})


async def import_a_file(extensions: Extensions, admin: Actor) -> None:
    transfer = Transfer(EventBus(), site(OLD), Licences(None))
    plan = await transfer.plan(b"number,caller_id_name\n1001,Grace\n")
    await transfer.apply(admin, plan)


async def repair(extensions: Extensions, admin: Actor) -> None:
    reconciler = Reconciler(site(OLD))
    await reconciler.repair(admin, await reconciler.find())


@pytest.mark.parametrize("write", [rename, save_as_it_is, change_many, import_a_file, repair])
async def test_whoever_is_first_to_have_the_key_loses_no_secret_that_lies_in_clear(
    database: str,
    admin: Actor,
    write: Callable[[Extensions, Actor], Awaitable[None]],
) -> None:
    await create(service(), admin, auth_username="ada", auth_secret=OTHER)
    extensions = service(OLD)
    await write(extensions, admin)
    assert await extensions.secret(admin, "1001") == SECRET
    assert await extensions.auth_secret(admin, "1001") == OTHER
    assert await auth() == auth_columns("1001", "1001", SECRET, ["MD5"])
    assert SECRET not in await everything()


async def test_a_table_that_was_put_back_in_clear_is_found_and_stored_anew(
    database: str, admin: Actor
) -> None:
    await create(service(OLD), admin)
    await PsAuth.all().delete()
    row: dict[str, Any] = {**auth_columns("1001", "1001", SECRET)}
    await PsAuth.create(**row)
    assert not (await secrets_result(site(OLD).secrets)).ok
    await store_secrets_as_wanted(site(OLD))
    assert (await secrets_result(site(OLD).secrets)).ok
    assert await auth() == auth_columns("1001", "1001", SECRET, ["MD5"])


async def test_another_choice_of_digests_holds_from_the_next_start(
    database: str, admin: Actor
) -> None:
    def told(*algorithms: str) -> SiteDefaults:
        secrets = SipSecrets(Seal([OLD]), algorithms_of=lambda _: algorithms)
        return SiteDefaults(60, 20, secrets=secrets)

    await create(Extensions(EventBus(), told("SHA-256", "MD5"), Licences(None)), admin)
    await store_secrets_as_wanted(told("MD5"))
    assert await auth() == auth_columns("1001", "1001", SECRET, ["MD5"])


async def test_a_seal_that_is_copied_to_another_extension_opens_nothing(
    database: str, admin: Actor
) -> None:
    extensions = service(OLD)
    await create(extensions, admin)
    await create(extensions, admin, "2000", secret=OTHER)
    stolen = (await Extension.get(number="1001")).sealed_secret
    await Extension.filter(number="2000").update(sealed_secret=stolen)
    with pytest.raises(Conflict, match="cannot be read"):
        await extensions.secret(admin, "2000")
