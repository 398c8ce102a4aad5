"""Which phones are down, and the alerts that were raised for them.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class AlertKind(StrEnum):
    """What an alert is about (docs/history.md)."""

    PHONE_DOWN = "phone-down"
    MANY_DOWN = "many-down"


class DownPhone(Model):
    """An endpoint that does not answer any more, since when.

    It is stored and deleted in the transactions that store the states, so whoever takes a node
    over knows what the one before knew.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    node = fields.CharField(max_length=40)
    endpoint = fields.CharField(max_length=80)
    since = fields.DatetimeField()

    class Meta:
        app = "portal"
        table = "portal_down_phones"
        unique_together = (("node", "endpoint"),)
        indexes = (("endpoint",),)


class Alert(Model):
    """Something that somebody should look after. It opens and ends by itself.

    ``endpoint`` is empty where many phones are meant: those that went down from ``since`` to
    ``until``, at most ``phones`` at once. ``open_key`` names what the alert is about as long as it
    is open, and is NULL after: so the database itself refuses a second alert of the same.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    kind = fields.CharEnumField(AlertKind, max_length=12)
    node = fields.CharField(max_length=40)
    endpoint = fields.CharField(max_length=80)
    phones = fields.IntField()
    since = fields.DatetimeField()
    until = fields.DatetimeField()
    opened_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    open_key = fields.CharField(max_length=140, null=True, unique=True)

    class Meta:
        app = "portal"
        table = "portal_alerts"
        indexes = (("ended_at",),)
