"""Reads what opens the doors of extensions, from wherever it lies."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import IaxFriend, PsAuth, VoicemailBox
from pbxbridge.realtime.rows import MAILBOX_CONTEXT, auth_override_of
from pbxbridge.services import realtime_writer
from pbxbridge.services.extension_change import Credentials
from pbxbridge.services.sip_secrets import SipSecrets
from pbxbridge.services.transfer.lookup import by_key, rows_with

_SEALED = ("number", "sealed_secret", "sealed_auth_secret")


async def own_secret(row: Extension, secrets: SipSecrets) -> str:
    """Return the secret of an extension's device: empty if it has none, or UNREADABLE."""
    in_clear = await _column(PsAuth, "password", {"id": row.number}) or await _column(
        IaxFriend, "secret", {"name": row.number}
    )
    return secrets.opened(row.sealed_secret, row.number, in_clear)


async def own_auth_secret(row: Extension, secrets: SipSecrets) -> str:
    """Return the secret of the auth override: empty if there is none, or UNREADABLE."""
    auth = auth_override_of(row.number)
    in_clear = await _column(PsAuth, "password", {"id": auth})
    return secrets.opened(row.sealed_auth_secret, auth, in_clear)


async def own_credentials(row: Extension, secrets: SipSecrets) -> Credentials:
    """Return what opens an extension's doors; its PIN stays that until the transaction ends."""
    return Credentials(
        await own_secret(row, secrets),
        await own_auth_secret(row, secrets),
        await realtime_writer.stored_pin(row.number),
    )


async def read_credentials(
    connection: BaseDBAsyncClient, numbers: Collection[str], secrets: SipSecrets
) -> dict[str, Credentials]:
    """Return what opens the doors of these extensions, each empty where there is none.

    A secret that no key opens is UNREADABLE.
    """
    overrides = {auth_override_of(number): number for number in numbers}
    auths = await by_key(connection, PsAuth, "id", "password", numbers)
    overriding = await by_key(connection, PsAuth, "id", "password", overrides)
    friends = await by_key(connection, IaxFriend, "name", "secret", numbers)
    pins = await by_key(
        connection, VoicemailBox, "mailbox", "password", numbers, context=MAILBOX_CONTEXT
    )
    rows = await rows_with(connection, Extension, _SEALED, "number", numbers)
    sealed = {number: (secret, auth_secret) for number, secret, auth_secret in rows}
    found = {}
    for override, number in overrides.items():
        sealed_secret, sealed_auth_secret = sealed.get(number, ("", ""))
        in_clear = auths.get(number) or friends.get(number) or ""
        found[number] = Credentials(
            secret=secrets.opened(sealed_secret, number, in_clear),
            auth_secret=secrets.opened(
                sealed_auth_secret, override, overriding.get(override) or ""
            ),
            pin=pins.get(number) or "",
        )
    return found


async def _column(model: type[Model], name: str, key: Mapping[str, str]) -> str:
    row: Mapping[str, str | None] | None = await model.filter(**key).first().values(name)
    return "" if row is None else row[name] or ""
