"""What is stored to be told by webhook.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from tortoise import fields
from tortoise.models import Model


class OutgoingWebhook(Model):
    """Webhook outbox: stored with what it tells, deleted once the receiver took it.

    ``key`` is what the receiver knows it by, however often it comes. ``last_error`` is why it
    could not be delivered yet.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    key = fields.CharField(max_length=36, unique=True)
    event = fields.CharField(max_length=20)
    created_at = fields.DatetimeField()
    last_error = fields.CharField(max_length=200, default="")
    body = fields.TextField()

    class Meta:
        app = "portal"
        table = "portal_outgoing_webhooks"
