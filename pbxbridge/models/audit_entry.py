"""The record of changes.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from tortoise import fields
from tortoise.models import Model


class AuditEntry(Model):
    """Who changed what, when and from where, committed with the change, secrets left out."""

    id = fields.IntField(primary_key=True, generated=True)
    at = fields.DatetimeField(auto_now_add=True)
    actor = fields.CharField(max_length=64)
    address = fields.CharField(max_length=64)
    action = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=80)
    before: fields.Field[dict[str, object]] = fields.JSONField()
    after: fields.Field[dict[str, object]] = fields.JSONField()

    class Meta:
        app = "portal"
        table = "portal_audit"
        indexes = (("subject", "id"),)
