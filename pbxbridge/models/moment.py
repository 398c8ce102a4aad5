"""A moment as Asterisk writes it by itself: a text in UTC, without a time zone in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tortoise import Model, fields

_WRITTEN = "%Y-%m-%d %H:%M:%S.%f"


class AsteriskMoment(fields.Field[datetime], datetime):
    """A column of type TIMESTAMP, on SQLite a text that sorts as the moments do.

    Asterisk must write it in UTC (logger.conf: queue_log_realtime_use_gmt). In Python it is aware.
    """

    SQL_TYPE = "TIMESTAMP"

    class _db_sqlite:  # noqa: N801 - Tortoise's name
        SQL_TYPE = "VARCHAR(26)"

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> datetime | str | None:
        """Return what the driver takes."""
        if value is None:
            return None
        naive: datetime = value.astimezone(UTC).replace(tzinfo=None)
        dialect = instance._meta.db.capabilities.dialect
        return naive.strftime(_WRITTEN) if dialect == "sqlite" else naive

    def to_python_value(self, value: Any) -> datetime | None:
        """Return an aware moment in UTC."""
        if value is None:
            return None
        said: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
        return said if said.tzinfo else said.replace(tzinfo=UTC)
