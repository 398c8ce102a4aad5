"""Finds a user by what was typed as their login name."""

from __future__ import annotations

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import NotFound
from pbxbridge.models.people import User
from pbxbridge.services.login_name import LOGIN_LENGTH, normalised_login


async def find_user(login: str, transaction: TransactionalDBClient | None = None) -> User | None:
    """Return the user of that name; None if there is none.

    In a transaction the row is locked until its end: what is read of it stays true.
    """
    name = normalised_login(login)
    # Tortoise refuses to look for what is longer than the column, PostgreSQL for a NUL.
    if len(name) > LOGIN_LENGTH or not name.isprintable():
        return None
    found = User.filter(login=name).using_db(transaction)
    return await (found.select_for_update() if transaction else found).first()


async def get_user(login: str, transaction: TransactionalDBClient | None = None) -> User:
    """Return the user of that name, as ``find_user`` does. Raises NotFound."""
    user = await find_user(login, transaction)
    if user is None:
        raise NotFound(f"There is no user {normalised_login(login)}.")
    return user
