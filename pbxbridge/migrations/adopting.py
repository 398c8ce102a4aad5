"""Operations for tables that are Asterisk's: they may be there before us, and then stay as they are.

Asterisk's alembic scripts make the same tables with more columns, of which we write a part. Such a
table is adopted: nothing of it is dropped or altered. A column that it lacks is added, which may be
NULL and has no default, so that rows which others made say what they said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.models import Model

from pbxbridge.models.schema import stored_columns

_INDEXED = """
SELECT 1 FROM pg_index
WHERE indrelid = to_regclass($1) AND indpred IS NULL AND $2 = (
    SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
    WHERE attrelid = indrelid AND attnum = ANY (indkey)
)
"""


class AdoptModel(ops.CreateModel):
    """Create the table, or adopt the one that is there."""

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        """Create the table, or add the columns and indexes that the present one lacks."""
        if state_editor is None:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.name}")
        present = await _present(state_editor, model)
        if not present:
            await super().database_forward(app_label, old_state, new_state, state_editor)
            return
        for name in model._meta.fields_db_projection:
            if name not in present:
                await _add_column(state_editor, model, name)
        await _add_indexes(state_editor, model)

    async def database_backward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        """Drop the table, unless it is another's."""
        model = old_state.apps.get_model(f"{app_label}.{self.name}")
        if state_editor and not await _is_anothers(state_editor, model):
            await super().database_backward(app_label, old_state, new_state, state_editor)


class AdoptField(ops.AddField):
    """Add the column, or adopt the one that is there."""

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        """Add the column if there is none, to another's table without NOT NULL and default."""
        if state_editor is None:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        if self.name in await _present(state_editor, model):
            return
        if await _is_anothers(state_editor, model):
            await _add_column(state_editor, model, self.name)
        else:
            await super().database_forward(app_label, old_state, new_state, state_editor)

    async def database_backward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        """Drop the column, unless it is of another's table."""
        model = old_state.apps.get_model(f"{app_label}.{self.model_name}")
        if state_editor and not await _is_anothers(state_editor, model):
            await super().database_backward(app_label, old_state, new_state, state_editor)


class OnPostgres(ops.RunSQL):
    """Statements for what SQLite has not: there they are left out."""

    async def _run_sql(self, state_editor: BaseSchemaEditor, sqls: Sequence[str]) -> None:
        if _is_postgres(state_editor):
            await super()._run_sql(state_editor, sqls)


def _is_postgres(editor: BaseSchemaEditor) -> bool:
    return editor.client.capabilities.dialect == "postgres"


async def _present(editor: BaseSchemaEditor, model: type[Model]) -> set[str]:
    """Return the columns that the table has, none if it is not there."""
    if editor.collect_sql:  # asked what would be done to an empty database
        return set()
    table = model._meta.db_table
    return set((await stored_columns(editor.client, [table])).get(table, ()))


async def _is_anothers(editor: BaseSchemaEditor, model: type[Model]) -> bool:
    """Tell by columns that no release of ours made."""
    return not await _present(editor, model) <= set(model._meta.fields_db_projection)


async def _add_column(editor: BaseSchemaEditor, model: type[Model], name: str) -> None:
    kind = model._meta.fields_map[name].get_for_dialect(editor.DIALECT, "SQL_TYPE")
    column = model._meta.fields_db_projection[name]
    await editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" ADD COLUMN "{column}" {kind}')


async def _add_indexes(editor: BaseSchemaEditor, model: type[Model]) -> None:
    """Index what we look rows up by. Not unique: others may have stored what is not."""
    if not _is_postgres(editor):
        return
    for names in _looked_up_by(model):
        table = model._meta.db_table
        indexed = await editor.client.execute_query_dict(_INDEXED, [table, sorted(names)])
        if not indexed:
            await editor._run_sql(editor._get_index_sql(model, list(names)))


def _looked_up_by(model: type[Model]) -> Iterable[Sequence[str]]:
    yield from model._meta.unique_together
    for name, field in model._meta.fields_map.items():
        if field.index and not field.pk:
            yield [name]
