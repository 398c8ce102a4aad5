"""The Asterisk nodes, and what was last known of the endpoints on each of them.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from tortoise import fields
from tortoise.models import Model


class Node(Model):
    """One Asterisk: which bridge listens to it, and how its AMI link stands.

    ``epoch`` grows with every bridge that takes the node over: what one of an earlier epoch would
    still write is refused. ``seq`` numbers the writes to its endpoints' states, so that a reader
    can ask for what is newer than what it has.
    """

    name = fields.CharField(max_length=40, primary_key=True)
    epoch = fields.IntField(default=0)
    bridge = fields.CharField(max_length=64, default="")
    seq = fields.BigIntField(default=0)
    link_up = fields.BooleanField(default=False)
    link_since = fields.DatetimeField(null=True)
    link_reason = fields.CharField(max_length=500, default="")
    heartbeat_at = fields.DatetimeField(null=True)

    class Meta:
        app = "portal"
        table = "portal_nodes"


class StoredState(Model):
    """What a node last said of an endpoint.

    ``changed_at`` is since when it has this status, ``last_ip`` and ``last_port`` the last address
    that was known, which an endpoint keeps when it has none any more.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    node = fields.CharField(max_length=40)
    endpoint = fields.CharField(max_length=80)
    status = fields.CharField(max_length=12)
    ip = fields.CharField(max_length=255)
    port = fields.IntField()
    rtt_ms = fields.FloatField(null=True)
    user_agent = fields.CharField(max_length=255)
    last_seen = fields.DatetimeField(null=True)
    changed_at = fields.DatetimeField()
    last_ip = fields.CharField(max_length=255)
    last_port = fields.IntField()
    seq = fields.BigIntField()

    class Meta:
        app = "portal"
        table = "portal_endpoint_states"
        unique_together = (("node", "endpoint"),)
        indexes = (("node", "seq"), ("endpoint",))


class StateChange(Model):
    """History: an endpoint took on another status or address, kept for some days."""

    id = fields.BigIntField(primary_key=True, generated=True)
    node = fields.CharField(max_length=40)
    endpoint = fields.CharField(max_length=80)
    status = fields.CharField(max_length=12)
    ip = fields.CharField(max_length=255)
    port = fields.IntField()
    at = fields.DatetimeField()

    class Meta:
        app = "portal"
        table = "portal_state_changes"
        indexes = (("endpoint", "at"), ("at",))
