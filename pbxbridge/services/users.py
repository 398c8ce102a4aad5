"""What an administrator does with the people of the portal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Conflict, Forbidden, Invalid
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import Role, User
from pbxbridge.services import audit, second_factor
from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import revoke_beyond
from pbxbridge.services.column import with_part
from pbxbridge.services.new_password import set_password
from pbxbridge.services.paging import within
from pbxbridge.services.parsing import parse
from pbxbridge.services.passwords import Passwords, one_time_password
from pbxbridge.services.sessions import end_all
from pbxbridge.services.sign_in_limit import network_of
from pbxbridge.services.user_extensions import extensions_of, link
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.user_lookup import get_user


@dataclass(frozen=True, slots=True)
class UserView:
    """A person as the screen shows them.

    ``extensions`` are numbers in dialling order; ``totp`` says whether the second factor is on;
    ``version`` counts the changes.
    """

    login: str
    name: str
    email: str
    role: Role
    extensions: list[str]
    totp: bool
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of the list; ``page`` counts from 1, ``total`` is over all pages."""

    items: list[UserView]
    total: int
    page: int
    pages: int


class Users:
    """The people who may sign in."""

    def __init__(self, passwords: Passwords) -> None:
        """Make the hashes of one-time passwords through ``passwords``."""
        self._passwords = passwords

    async def page(self, search: str = "", page: int = 1, per_page: int = 50) -> UserPage:
        """Return one page, by login name, of those whose login, name or e-mail has ``search``."""
        found = User.all()
        if search := "".join(filter(str.isprintable, search)):
            found = with_part(found, ("login", "name", "email"), search)
        total = await found.count()
        page, pages = within(page, total, per_page)
        rows = await found.order_by("login").offset((page - 1) * per_page).limit(per_page)
        linked = await extensions_of([row.id for row in rows])
        return UserPage([_view(row, linked[row.id]) for row in rows], total, page, pages)

    async def get(self, login: str) -> UserView:
        """Return one user. Raises NotFound."""
        row = await get_user(login)
        return _view(row, (await extensions_of([row.id]))[row.id])

    async def create(self, actor: Actor, wanted: UserInput) -> tuple[UserView, str]:
        """Create a user; return them with a one-time password. Raises Invalid per field."""
        password = one_time_password()
        hashed = await self._passwords.hashed(password, network_of(actor.address))
        async with write_transaction() as transaction:
            if await User.filter(login=wanted.login).using_db(transaction).exists():
                raise Invalid({"login": f"There is a user {wanted.login} already."})
            row = await User.create(
                using_db=transaction,
                login=wanted.login,
                name=wanted.name,
                email=wanted.email,
                role=wanted.role,
                password_hash=hashed,
                must_change_password=True,
            )
            linked = await link(transaction, row, wanted.extensions)
            after = _audited(row, linked)
            await audit.record(transaction, actor, "user.created", row.login, after=after)
        return _view(row, linked), password

    async def update(
        self,
        actor: Actor,
        login: str,
        changes: Mapping[str, object],
        *,
        version: int | None = None,
    ) -> UserView:
        """Change the fields of UserInput that are in ``changes``; the others stay.

        A change of role ends the person's sessions, and their API tokens that are now worth too
        much. Raises Invalid per field, NotFound, Conflict if ``version`` is no longer the present
        one.
        """
        async with write_transaction() as transaction:
            admins = await _lock_admins(transaction)
            row = await get_user(login, transaction)
            if version is not None and version != row.version:
                raise Conflict(f"Somebody else has changed {row.login} meanwhile.")
            linked = (await extensions_of([row.id], transaction))[row.id]
            before = _audited(row, linked)
            wanted = parse(UserInput, {"login": row.login, **before, **changes})
            if wanted.login != row.login:
                raise Invalid({"login": "A login name cannot be changed."})
            if wanted.role is not row.role:
                if admins == {row.id}:
                    raise Invalid({"role": f"{row.login} is the last administrator."})
                await end_all(transaction, row.id)
                await revoke_beyond(transaction, row.id, wanted.role)
            row.role = wanted.role
            row.name, row.email = wanted.name, wanted.email
            linked = await link(transaction, row, wanted.extensions)
            if (after := _audited(row, linked)) != before:
                row.version += 1
                await row.save(
                    using_db=transaction, update_fields=["name", "email", "role", "version"]
                )
                await audit.record(transaction, actor, "user.changed", row.login, before, after)
        return _view(row, linked)

    async def delete(self, actor: Actor, login: str) -> None:
        """Delete a user with their sessions and API tokens; their extensions stay.

        Raises NotFound, Forbidden for oneself, Conflict for the last administrator.
        """
        async with write_transaction() as transaction:
            admins = await _lock_admins(transaction)
            row = await get_user(login, transaction)
            if row.login == actor.login:
                raise Forbidden("You cannot delete yourself. Ask another administrator.")
            if admins == {row.id}:
                raise Conflict(f"{row.login} is the last administrator.")
            linked = (await extensions_of([row.id], transaction))[row.id]
            before = _audited(row, linked)
            await link(transaction, row, [])
            await row.delete(using_db=transaction)
            await audit.record(transaction, actor, "user.deleted", row.login, before=before)

    async def reset_password(self, actor: Actor, login: str) -> str:
        """Return a new one-time password; the person's sessions end. Raises NotFound."""
        password = one_time_password()
        hashed = await self._passwords.hashed(password, network_of(actor.address))
        async with write_transaction() as transaction:
            row = await get_user(login, transaction)
            await set_password(transaction, row.id, hashed, is_reset=True, must_change=True)
            await audit.record(transaction, actor, "user.password-reset", row.login)
        return password

    async def switch_off_second_factor(self, actor: Actor, login: str) -> None:
        """Let a person in who lost their phone; nothing happens if it is off. Raises NotFound."""
        async with write_transaction() as transaction:
            await second_factor.switch_off(transaction, actor, await get_user(login, transaction))


async def _lock_admins(transaction: TransactionalDBClient) -> set[int]:
    """Return who the administrators are, and stay until this transaction ends.

    They are locked before any other user, and in one order: of two administrators who demote each
    other at the same moment the second waits, and then sees that they are the last. SQLite has one
    writer anyway.
    """
    admins = User.filter(role=Role.ADMIN).using_db(transaction).order_by("id")
    return {admin.id for admin in await admins.select_for_update()}


def _audited(row: User, extensions: Collection[str]) -> dict[str, object]:
    return {
        "name": row.name,
        "email": row.email,
        "role": row.role.value,
        "extensions": sorted(extensions),
    }


def _view(row: User, extensions: list[str]) -> UserView:
    return UserView(
        login=row.login,
        name=row.name,
        email=row.email,
        role=row.role,
        extensions=extensions,
        totp=bool(row.totp_secret),
        version=row.version,
        created_at=row.created_at,
    )
