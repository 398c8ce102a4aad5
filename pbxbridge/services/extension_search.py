"""Finding extensions by a part of their number or name without reading them all.

No ordinary index helps with a text that may begin anywhere. SQLite has one of all groups of three
characters, https://www.sqlite.org/fts5.html#the_trigram_tokenizer, which triggers keep up to date.
One or two characters are found as the beginnings of such groups: so that the last ones of a name
begin one too, two more follow that nobody can type. PostgreSQL has its own kind of such an index
(services/trigrams.py). Where there is none (a SQLite without FTS5), or where very many match, the
list is walked along.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from pypika_tortoise.terms import Function as SqlFunction
from pypika_tortoise.terms import Term
from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import OperationalError
from tortoise.expressions import Function
from tortoise.queryset import QuerySet

from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.services.column import with_part
from pbxbridge.services.trigrams import ensure_trigrams, ids_by_trigrams

GROUP = 3
# Groups that begin alike, and are looked up at once: with more of them, very many match.
MOST_GROUPS = 200

_OLD = "old.id, old.number || char(31, 31), old.caller_id_name || char(31, 31)"
_NEW = _OLD.replace("old.", "new.")
_FORGET = f"""
    INSERT INTO portal_extension_search(portal_extension_search, rowid, number, caller_id_name)
    VALUES ('delete', {_OLD});"""  # noqa: S608
_ADD = f"INSERT INTO portal_extension_search(rowid, number, caller_id_name) VALUES ({_NEW});"  # noqa: S608
# Each by its name in sqlite_master. A save writes all columns, mostly with the same values.
_PARTS = {
    "portal_extension_search": """
        CREATE VIRTUAL TABLE portal_extension_search USING fts5(
            number, caller_id_name, content='', tokenize='trigram'
        )""",
    "portal_extension_search_groups": """
        CREATE VIRTUAL TABLE portal_extension_search_groups USING fts5vocab(
            portal_extension_search, row
        )""",
    "portal_extension_search_insert": f"""
        CREATE TRIGGER portal_extension_search_insert AFTER INSERT ON portal_extensions BEGIN
            {_ADD}
        END""",
    "portal_extension_search_delete": f"""
        CREATE TRIGGER portal_extension_search_delete AFTER DELETE ON portal_extensions BEGIN
            {_FORGET}
        END""",
    "portal_extension_search_update": f"""
        CREATE TRIGGER portal_extension_search_update
        AFTER UPDATE OF number, caller_id_name ON portal_extensions
        WHEN old.number <> new.number OR old.caller_id_name <> new.caller_id_name BEGIN
            {_FORGET}
            {_ADD}
        END""",
}
_LAST = "SELECT coalesce(max(id), 0) AS id FROM portal_extensions"
_LEARN = f"""
    INSERT INTO portal_extension_search(rowid, number, caller_id_name)
    SELECT {_NEW} FROM portal_extensions AS new WHERE id > ?"""  # noqa: S608
_GROUPS = """
    SELECT term, doc FROM portal_extension_search_groups WHERE term >= ? AND term < ? LIMIT ?"""
_FIND = "SELECT rowid FROM portal_extension_search WHERE portal_extension_search MATCH ? LIMIT ?"

log = structlog.get_logger(__name__)


class _Substr(SqlFunction):
    def __init__(self, term: Term, first: int) -> None:
        super().__init__("SUBSTR", term, first)


class _FromThird(Function):
    """A text from its third character on."""

    database_func = _Substr

    def __init__(self, column: str) -> None:
        super().__init__(column, 3)


async def ensure_search_index() -> None:
    """Make the index if it is not there as it should be; done at every start.

    A migration that rebuilds the table of extensions takes the triggers along, and a bridge of
    another version may have made another index.
    """
    try:
        async with write_transaction() as transaction:
            if transaction.capabilities.dialect != "sqlite":
                await ensure_trigrams(transaction)
                return
            listed = await transaction.execute_query_dict("SELECT name, sql FROM sqlite_master")
            present = {row["name"]: _one_line(row["sql"] or "") for row in listed}
            if any(present.get(name) != _one_line(sql) for name, sql in _PARTS.items()):
                for name, sql in reversed(_PARTS.items()):
                    kind = "TRIGGER" if "TRIGGER" in sql else "TABLE"
                    await transaction.execute_query(f"DROP {kind} IF EXISTS {name}")
                for sql in _PARTS.values():
                    await transaction.execute_query(sql)
                await transaction.execute_query(_LEARN, [0])
    except OperationalError as error:
        log.warning("search.not_indexed", reason=str(error))


@asynccontextmanager
async def indexed_at_once(transaction: TransactionalDBClient) -> AsyncIterator[None]:
    """Have the index learn what is added inside the block at its end, by one statement.

    By its trigger, FTS5 writes to its tables at every row, and takes half as long as all the rest.
    """
    trigger = "portal_extension_search_insert"
    if not await _has(transaction, trigger):
        yield
        return
    [last] = await transaction.execute_query_dict(_LAST)
    await transaction.execute_query(f"DROP TRIGGER {trigger}")
    yield
    await transaction.execute_query(_LEARN, [last["id"]])
    await transaction.execute_query(_PARTS[trigger])


async def ids_with(text: str, most: int) -> list[int] | None:
    """Return the ids of the extensions that contain ``text``, in no particular order.

    None if there are more than ``most``, or no index that knows.
    """
    connection = Tortoise.get_connection("default")
    if not text.isprintable():
        return None
    if connection.capabilities.dialect != "sqlite":
        return await ids_by_trigrams(connection, text, most)
    try:
        phrases = [text] if len(text) >= GROUP else await _groups(text, most)
        if phrases is None:
            return None
        either = " OR ".join('"' + phrase.replace('"', '""') + '"' for phrase in phrases)
        rows = await connection.execute_query_dict(_FIND, [either, most + 1]) if either else []
    except OperationalError:
        return None
    return None if len(rows) > most else [row["rowid"] for row in rows]


async def _groups(beginning: str, most: int) -> list[str] | None:
    """Return the groups of characters that begin so, None if very many extensions have one."""
    first = beginning.lower()
    bounds = [first, f"{first}{chr(sys.maxunicode)}", MOST_GROUPS + 1]
    rows = await Tortoise.get_connection("default").execute_query_dict(_GROUPS, bounds)
    if len(rows) > MOST_GROUPS or any(row["doc"] > most for row in rows):
        return None
    return [row["term"] for row in rows]


def _one_line(sql: str) -> str:
    return " ".join(sql.split())


def containing(found: QuerySet[Extension], text: str) -> QuerySet[Extension]:
    """Leave in the extensions that contain ``text``, by a look at each.

    The number is read out of the sort key, which every order has in its index beside the name: no
    row of the table is read.
    """
    return with_part(found, (_FromThird("sort_key"), "caller_id_name"), text)


async def _has(transaction: TransactionalDBClient, trigger: str) -> bool:
    if transaction.capabilities.dialect != "sqlite":
        return False
    query = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ?"
    return bool(await transaction.execute_query_dict(query, [trigger]))
