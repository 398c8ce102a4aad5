"""What the screens of trunks, routes, classes of service and phone groups have in common.

A list whose rows open as editors, as the Users screen is one: every address answers a whole page
to a plain browser and the part that changes to htmx. The templates that all share are in
``templates/calling``; each screen has its own ``head.html``, ``cells.html`` and ``fields.html``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from aiohttp import web
from pydantic import BaseModel

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.services.calling.records import Records, Stored
from pbxbridge.services.people import Role
from pbxbridge.services.usages import Usage
from web.access import allow
from web.notices import emptied, notice_of, notify
from web.portal import Portal, actor_of, portal_of
from web.render import fragment, html, page, part_or_page
from web.requests import read_form, version_of, wants_fragment

ONE_ROW = "calling/one_row.html"
CREATED, SAVED, DELETED = "created", "saved", "deleted"
# The name of a tick box is this and the key of the usage.
KNOWN = "known-"


@dataclass(frozen=True, slots=True)
class Row:
    """One of the list: what is stored, and what else its row shows."""

    record: Stored[Any]
    also: object = None


class RecordScreen(ABC):
    """The screen of one kind of records. What a subclass names:

    ``path``, its address, which is the folder of its templates too; ``title`` and ``about``, which
    stand above the list; ``loses``, what deletion means; ``columns``, how many the table has;
    ``key_label``, what the first of them is called. Of the form's fields, which ``input`` has,
    ``texts`` are texts, ``ticks`` are tick boxes, and ``lists`` are one tick box for each thing.
    """

    path: ClassVar[str]
    input: ClassVar[type[BaseModel]]
    title: ClassVar[str]
    about: ClassVar[str]
    loses: ClassVar[str]
    columns: ClassVar[int]
    key_label: ClassVar[str] = "Name"
    texts: ClassVar[tuple[str, ...]]
    ticks: ClassVar[tuple[str, ...]] = ()
    lists: ClassVar[tuple[str, ...]] = ()
    list_page: ClassVar[str] = "calling/list.html"

    @abstractmethod
    def records(self, portal: Portal) -> Records[Any, Any]:
        """Return the service that keeps them."""

    async def also(self, _portal: Portal, _record: Stored[Any]) -> object:
        """Return what a row shows besides what is stored."""
        return None

    async def rows(self, portal: Portal, records: Sequence[Stored[Any]]) -> list[Row]:
        """Return the rows of these."""
        return [Row(record, await self.also(portal, record)) for record in records]

    async def choices(self, _portal: Portal) -> Mapping[str, object]:
        """Return what the editor offers to choose from."""
        return {}

    async def usages(self, _portal: Portal, _record: Stored[Any]) -> Sequence[Usage]:
        """Return what whoever deletes it must say that they know of: it ends with it."""
        return ()

    async def around(self, _portal: Portal) -> Mapping[str, object]:
        """Return what the page shows besides the list."""
        return {}

    @property
    def folder(self) -> str:
        """The folder of its templates."""
        return self.path.removeprefix("/")

    def routes(self) -> list[web.RouteDef]:
        """Return what the screen serves."""
        one = f"{self.path}/{{name:[^/]+}}"
        return [
            web.get(self.path, self.show_list),
            web.post(self.path, self.create),
            web.get(f"{self.path}/new", self.show_new),
            web.post(one, self.update),
            web.get(f"{one}/row", self.show_row),
            web.get(f"{one}/edit", self.show_editor),
            web.get(f"{one}/delete", self.ask_delete),
            web.post(f"{one}/delete", self.delete),
        ]

    @allow(Role.ADMIN, Role.OPERATOR)
    async def show_list(self, request: web.Request) -> web.StreamResponse:
        """Show all of them, by name."""
        portal = portal_of(request)
        rows = await self.rows(portal, await self.records(portal).all())
        context = {**self._shared(portal), **await self.around(portal)}
        return await page(request, self.list_page, rows=rows, notice=notice_of(request), **context)

    @allow(Role.ADMIN)
    async def show_row(self, request: web.Request) -> web.StreamResponse:
        """Show one row as the list has it: what Cancel puts back."""
        record = await self._record(request)
        if not wants_fragment(request):
            raise web.HTTPSeeOther(self.path)
        return await self._one_row(request, record)

    @allow(Role.ADMIN)
    async def show_new(self, request: web.Request) -> web.StreamResponse:
        """Open the editor of a new one."""
        return await self._editor(request, None)

    @allow(Role.ADMIN)
    async def show_editor(self, request: web.Request) -> web.StreamResponse:
        """Open the editor of one."""
        return await self._editor(request, await self._record(request))

    @allow(Role.ADMIN)
    async def create(self, request: web.Request) -> web.StreamResponse:
        """Create one."""
        typed = self.typed(await read_form(request), is_new=True)
        try:
            record = await self.records(portal_of(request)).create(actor_of(request), typed)
        except Invalid as invalid:
            return await self._editor(request, None, typed, invalid.fields)
        return await self._done(request, CREATED, record)

    @allow(Role.ADMIN)
    async def update(self, request: web.Request) -> web.StreamResponse:
        """Save one; what was saved since the editor was opened is not written over unseen."""
        records, name = self.records(portal_of(request)), request.match_info["name"]
        form = await read_form(request)
        typed, version = self.typed(form), version_of(form.get("version", ""))
        try:
            record = await records.update(actor_of(request), name, typed, version)
        except Invalid as invalid:
            return await self._editor(request, await records.get(name), typed, invalid.fields)
        except Conflict as stale:
            sentence = f"{stale} The row shows what is saved now; your entries are kept below."
            return await self._editor(request, await records.get(name), typed, {"": sentence})
        return await self._done(request, SAVED, record)

    @allow(Role.ADMIN)
    async def ask_delete(self, request: web.Request) -> web.StreamResponse:
        """Ask, and say what will be lost; or say what still uses it."""
        record = await self._record(request)
        return await self._question(request, record, await self._usages(request, record))

    @allow(Role.ADMIN)
    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete one, or ask again if something uses it that was not ticked."""
        record = await self._record(request)
        usages = await self._usages(request, record)
        ticked = {
            box.removeprefix(KNOWN) for box in await read_form(request) if box.startswith(KNOWN)
        }
        if any(usage.key not in ticked for usage in usages):
            return await self._question(request, record, usages, ticked, is_refused=True)
        await self.records(portal_of(request)).delete(actor_of(request), record.name)
        response = await self._done(request, DELETED)
        response.headers["HX-Reswap"] = "none"  # the dialog closes, it need not be emptied
        return response

    def typed(self, form: Mapping[str, str], *, is_new: bool = False) -> dict[str, object]:
        """Return what a sent form says. A browser leaves an unticked box out.

        The boxes of a list are called ``<list>.<thing>``; a name cannot be changed.
        """
        values: dict[str, object] = {name: form[name] for name in self.texts if name in form}
        values |= {name: name in form for name in self.ticks}
        for name in self.lists:
            start = f"{name}."
            values[name] = [box.removeprefix(start) for box in form if box.startswith(start)]
        return values | ({self._key: form.get(self._key, "")} if is_new else {})

    def shown(self, record: Stored[Any] | None) -> dict[str, object]:
        """Return what the form's controls hold of what is stored, or of what is new."""
        if record:
            stored = record.fields.model_dump()
        else:
            stored = {
                name: None if field.is_required() else field.get_default(call_default_factory=True)
                for name, field in self.input.model_fields.items()
            }
        return {name: self._control(name, value) for name, value in stored.items()}

    def _control(self, name: str, value: object) -> object:
        if name in self.ticks or name in self.lists:
            return value
        if isinstance(value, list):
            return ", ".join(value)
        return "" if value is None else str(value)

    async def _editor(
        self,
        request: web.Request,
        record: Stored[Any] | None,
        typed: Mapping[str, object] | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> web.Response:
        """Return the editor, with what was typed rather than what is saved.

        It carries the present version: who saves again after a warning means it.
        """
        portal, errors = portal_of(request), errors or {}
        what = self.records(portal).what
        first = self.texts[0] if record else self._key
        return await part_or_page(
            request,
            "calling/editor.html",
            ONE_ROW,
            title=f"{what.capitalize()} {record.name}" if record else f"New {what}",
            status=422 if errors else 200,
            row=await self._row(portal, record) if record else None,
            values=self.shown(record) | dict(typed or {}),
            errors=errors,
            focus=next((name for name in self._fields() if name in errors), first),
            **self._shared(portal),
            **await self.choices(portal),
        )

    async def _done(
        self, request: web.Request, done: str, record: Stored[Any] | None = None
    ) -> web.Response:
        slug = self.records(portal_of(request)).what.replace(" ", "-")
        notice = SAVED if done == SAVED else f"{slug}-{done}"
        if record is None or not wants_fragment(request):
            return emptied(request, self.path, notice)
        response = await self._one_row(request, record, is_new=done == CREATED)
        notify(response, notice)
        return response

    async def _one_row(
        self, request: web.Request, record: Stored[Any], *, is_new: bool = False
    ) -> web.Response:
        portal = portal_of(request)
        context = {**self._shared(portal), "row": await self._row(portal, record)}
        return html(fragment(request, "calling/row.html", is_new=is_new, **context))

    async def _record(self, request: web.Request) -> Stored[Any]:
        return await self.records(portal_of(request)).get(request.match_info["name"])

    async def _row(self, portal: Portal, record: Stored[Any]) -> Row:
        return (await self.rows(portal, [record]))[0]

    def _fields(self) -> tuple[str, ...]:
        return (self._key, *self.texts, *self.ticks, *self.lists)

    @property
    def _key(self) -> str:
        """The field by which one is known; it cannot be changed, and comes first."""
        return next(iter(self.input.model_fields))

    async def _usages(self, request: web.Request, record: Stored[Any]) -> Sequence[Usage]:
        return await self.usages(portal_of(request), record)

    async def _question(
        self,
        request: web.Request,
        record: Stored[Any],
        usages: Sequence[Usage],
        ticked: Collection[str] = (),
        *,
        is_refused: bool = False,
    ) -> web.Response:
        portal = portal_of(request)
        return await part_or_page(
            request,
            "calling/delete.html",
            "question.html",
            title="Delete",
            status=422 if is_refused else 200,
            record=record,
            users=await self.records(portal).users_of(record.name),
            usages=usages,
            ticked=ticked,
            is_refused=is_refused,
            known=KNOWN,
            **self._shared(portal),
        )

    def _shared(self, portal: Portal) -> dict[str, Any]:
        return {"screen": self, "what": self.records(portal).what}
