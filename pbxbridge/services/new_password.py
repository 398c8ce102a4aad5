"""Writes a new password: one place that knows what must end with the old one."""

from __future__ import annotations

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.people import ApiToken, PasswordReset, User
from pbxbridge.services.sessions import end_all


async def set_password(
    transaction: TransactionalDBClient,
    user_id: int,
    hashed: str,
    *,
    is_reset: bool = False,
    must_change: bool = False,
) -> None:
    """Store the hash, end all sessions of the user, and void a reset code that is under way.

    ``is_reset`` means that the old password was not asked for: somebody else may have had it, and
    made API tokens, which end too.
    """
    await (
        User.filter(id=user_id)
        .using_db(transaction)
        .update(password_hash=hashed, must_change_password=must_change)
    )
    await end_all(transaction, user_id)
    if is_reset:
        await ApiToken.filter(user_id=user_id).using_db(transaction).delete()
    await PasswordReset.filter(user_id=user_id).using_db(transaction).delete()
