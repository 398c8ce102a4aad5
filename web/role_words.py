"""What the roles are called on the screen; the API and the database have their plain names."""

from __future__ import annotations

from collections.abc import Mapping

from pbxbridge.services.people import Role

ROLES: Mapping[str, str] = {
    Role.ADMIN: "Administrator",
    Role.OPERATOR: "Operator",
    Role.USER: "User",
}


def role_words(role: str) -> str:
    """Return a role as people read it; one that is not known any more stays as it is."""
    return ROLES.get(role, role)
