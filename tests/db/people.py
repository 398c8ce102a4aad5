"""People to sign in, and what the audit says of them."""

from __future__ import annotations

from argon2 import PasswordHasher

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.people import Role, User
from pbxbridge.services.passwords import Passwords

PASSWORD = "correct horse battery"
HOME = "192.0.2.10"
ELSEWHERE = "198.51.100.20"


class Ticks:
    """A clock of seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CountingPasswords(Passwords):
    """Counts how often a password was looked at."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        super().__init__(hasher)
        self.checked = 0

    async def matches(self, stored: str | None, password: str, network: str = "") -> bool:
        right = await super().matches(stored, password, network)
        self.checked += 1
        return right


class People:
    """Makes users who have PASSWORD."""

    def __init__(self, password_hash: str) -> None:
        self._password_hash = password_hash

    async def add(self, login: str, role: Role = Role.USER, *, email: str = "") -> User:
        return await User.create(
            login=login, role=role, email=email, password_hash=self._password_hash
        )


async def audited(action: str) -> list[AuditEntry]:
    """Return the audit's entries of that action, oldest first."""
    return await AuditEntry.filter(action=action).order_by("id")
