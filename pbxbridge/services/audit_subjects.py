"""What audited changes were made to, and the services that make them: undo works through these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from pbxbridge.errors import Invalid
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.users import Users

USER_FIELDS = ("name", "email", "role")


@dataclass(frozen=True, slots=True)
class Present:
    """The fields as they are now, under the audit's names, and the version they belong to."""

    fields: Mapping[str, object]
    version: int


class Subjects(Protocol):
    """Things of one kind: extensions, or users."""

    async def present(self, name: str) -> Present:
        """Return what one is now. Raises NotFound."""
        ...

    def changed(self, present: Present, changes: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields as these changes would leave them."""
        ...

    async def update(
        self, actor: Actor, name: str, changes: Mapping[str, object], version: int
    ) -> None:
        """Change it as its own page does. Raises Invalid, NotFound, Conflict if it is newer."""
        ...


class ExtensionSubjects:
    """Extensions, by number."""

    def __init__(self, extensions: Extensions) -> None:
        self._extensions = extensions

    async def present(self, name: str) -> Present:
        """Return what the extension is now. Raises NotFound."""
        view = await self._extensions.get(name)
        return Present(fields_of(view), view.version)

    def changed(self, present: Present, changes: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields as they would be: without those that its device type has not."""
        wanted = {**present.fields, **changes}
        try:
            return parse_extension(wanted).model_dump()
        except Invalid:
            return wanted  # the update will say what is wrong

    async def update(
        self, actor: Actor, name: str, changes: Mapping[str, object], version: int
    ) -> None:
        """Change the extension. Raises Invalid, NotFound, Conflict."""
        await self._extensions.update(actor, name, changes, version=version)


class UserSubjects:
    """Users, by login."""

    def __init__(self, users: Users) -> None:
        self._users = users

    async def present(self, name: str) -> Present:
        """Return what the user is now. Raises NotFound."""
        view = await self._users.get(name)
        fields = {key: value for key, value in asdict(view).items() if key in USER_FIELDS}
        return Present({**fields, "extensions": sorted(view.extensions)}, view.version)

    def changed(self, present: Present, changes: Mapping[str, object]) -> Mapping[str, object]:
        """Return the fields as they would be."""
        return {**present.fields, **changes}

    async def update(
        self, actor: Actor, name: str, changes: Mapping[str, object], version: int
    ) -> None:
        """Change the user. Raises Invalid, NotFound, Conflict."""
        await self._users.update(actor, name, changes, version=version)
