"""What trunks, routes, classes of service and phone groups have in common: kept by name.

Each change is one transaction: the portal's row, Asterisk's rows, notices to Asterisk, audit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import Event, EventBus, OutboxChanged
from pbxbridge.models.database import write_transaction
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.column import fits
from pbxbridge.services.parsing import parse

In = TypeVar("In", bound=BaseModel)
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Stored(Generic[In]):
    """What is stored under a name, as it could be typed, but for its secrets."""

    fields: In
    version: int
    name: str = ""


class Records(ABC, Generic[M, In]):
    """Rows of one kind. ``what`` is its name in audit and sentences.

    ``key`` is the field by which they are known, which never changes.
    """

    key: ClassVar[str] = "name"

    model: ClassVar[type[Model]]
    input: ClassVar[type[BaseModel]]
    what: ClassVar[str]
    # Never shown nor audited: that one was changed is told by the action's name.
    write_only: ClassVar[frozenset[str]] = frozenset()
    # What is told of every change.
    events: ClassVar[tuple[Event, ...]] = (OutboxChanged(),)

    def __init__(self, bus: EventBus) -> None:
        """Have Asterisk told through the outbox that listens to ``bus``."""
        self._bus = bus

    async def all(self) -> list[Stored[In]]:
        """Return all, by name."""
        return [self._stored(row) for row in await self.model.all().order_by(self.key)]  # type: ignore[arg-type]  # each subclass names its own model

    async def get(self, name: str) -> Stored[In]:
        """Return one. Raises NotFound."""
        return self._stored(await self._find(name))

    async def create(self, actor: Actor, values: Mapping[str, object]) -> Stored[In]:
        """Create one. Raises Invalid per field."""
        wanted = self._parse(values)
        name: str = getattr(wanted, self.key)
        async with write_transaction() as transaction:
            if await self.model.filter(**{self.key: name}).using_db(transaction).exists():
                article = "an" if self.what[0] in "aeiou" else "a"
                raise Invalid({self.key: f"There is {article} {self.what} {name} already."})
            await self._check(transaction, wanted, None)
            row = self.model(**{self.key: name}, version=1)
            await self._write(transaction, row, wanted, None)  # type: ignore[arg-type]
            stored = self._stored(row)  # type: ignore[arg-type]
            await self._record(transaction, actor, "created", name, None, stored)
            await self._secrets(transaction, actor, wanted)
        self._announce()
        return stored

    async def update(
        self, actor: Actor, name: str, changes: Mapping[str, object], version: int | None = None
    ) -> Stored[In]:
        """Change fields of one; those that are not named stay.

        ``version`` is the one that the changes were made to, None overwrites. Raises Invalid per
        field, NotFound, Conflict if somebody changed it meanwhile.
        """
        async with write_transaction() as transaction:
            row = await self._find(name, transaction)
            before = self._stored(row)
            self._check_version(before, name, version)
            wanted = self._parse({**before.fields.model_dump(), **changes, self.key: name})
            if wanted.model_dump() == before.fields.model_dump():
                return before
            await self._check(transaction, wanted, row)
            await self._write(transaction, row, wanted, before.fields)
            after = self._stored(row)
            if after.fields != before.fields:
                await self._record(transaction, actor, "changed", name, before, after)
            await self._secrets(transaction, actor, wanted)
        self._announce()
        return after

    async def delete(self, actor: Actor, name: str, version: int | None = None) -> None:
        """Delete one. Raises Conflict if something uses it or somebody changed it, NotFound."""
        async with write_transaction() as transaction:
            row = await self._find(name, transaction)
            before = self._stored(row)
            self._check_version(before, name, version)
            if users := await self.users_of(name, transaction):
                raise Conflict(f"{self.what.capitalize()} {name} is used by {', '.join(users)}.")
            await row.delete(using_db=transaction)
            await self._deleted(transaction, before.fields)
            await self._record(transaction, actor, "deleted", name, before, None)
        self._announce()

    @abstractmethod
    async def users_of(
        self, name: str, transaction: TransactionalDBClient | None = None
    ) -> list[str]:
        """Return what cannot be without it, in words; the first few are enough."""

    @abstractmethod
    def _fields(self, row: M) -> Mapping[str, Any]:
        """Return the input's fields as the row has them."""

    @abstractmethod
    async def _check(self, transaction: TransactionalDBClient, wanted: In, row: M | None) -> None:
        """Raise Invalid for what only the database can say against it; ``row`` None: it is new."""

    @abstractmethod
    async def _write(
        self, transaction: TransactionalDBClient, row: M, wanted: In, before: In | None
    ) -> None:
        """Store it, with what Asterisk reads of it; counting the version is the row's own."""

    @abstractmethod
    async def _deleted(self, transaction: TransactionalDBClient, before: In) -> None:
        """Remove what Asterisk reads of it; the portal's row is gone."""

    async def _find(self, name: str, transaction: TransactionalDBClient | None = None) -> M:
        row = None
        if fits(self.model, self.key, name):
            row = await self.model.filter(**{self.key: name}).using_db(transaction).first()
        if row is None:
            raise NotFound(f"There is no {self.what} {name}.")
        return row  # type: ignore[return-value]  # each subclass names its own model

    def _stored(self, row: M) -> Stored[In]:
        # Not checked again: the rules may have become stricter since.
        fields = self.input.model_construct(**self._fields(row))
        return Stored(fields, row.version, getattr(row, self.key))  # type: ignore[arg-type, attr-defined]

    def _parse(self, values: Mapping[str, object]) -> In:
        return parse(self.input, values)  # type: ignore[return-value]

    def _check_version(self, stored: Stored[In], name: str, version: int | None) -> None:
        if version is not None and version != stored.version:
            raise Conflict(f"{self.what.capitalize()} {name} was changed meanwhile.")

    async def _record(  # noqa: PLR0913 - who, what, on what, before and after
        self,
        transaction: TransactionalDBClient,
        actor: Actor,
        verb: str,
        name: str,
        before: Stored[In] | None,
        after: Stored[In] | None,
    ) -> None:
        await audit.record(
            transaction, actor, f"{self._slug}.{verb}", name, self._kept(before), self._kept(after)
        )

    async def _secrets(self, transaction: TransactionalDBClient, actor: Actor, wanted: In) -> None:
        for field in sorted(self.write_only):
            if getattr(wanted, field):
                name: str = getattr(wanted, self.key)
                await audit.record(transaction, actor, f"{self._slug}.{field}-changed", name)

    def _kept(self, stored: Stored[In] | None) -> Mapping[str, object] | None:
        return stored.fields.model_dump(exclude={*self.write_only, self.key}) if stored else None

    def _announce(self) -> None:
        for event in self.events:
            self._bus.publish(event)

    @property
    def _slug(self) -> str:
        return self.what.replace(" ", "-")
