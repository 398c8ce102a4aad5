"""The call centre: agents, queues, and who takes calls of which queue.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from tortoise import fields
from tortoise.models import Model

from pbxbridge.models.extension import Extension
from pbxbridge.models.people import User


class Agent(Model):
    """A person who takes calls of queues, at whichever phone they log in.

    ``number`` is what they dial to log in. Of the PIN only what the dialplan compares is kept (see
    dialplan/pin.py). Whether they are a manager, the licence says (settings).
    """

    number = fields.CharField(max_length=20, primary_key=True)
    first_name = fields.CharField(max_length=40)
    last_name = fields.CharField(max_length=40)
    pin_hash = fields.CharField(max_length=41)
    user: fields.OneToOneNullableRelation[User] = fields.OneToOneField(
        "portal.User", related_name="agent", null=True, on_delete=fields.SET_NULL
    )
    user_id: int | None
    version = fields.IntField(default=1, db_default=1)

    class Meta:
        app = "portal"
        table = "portal_agents"


class CallQueue(Model):
    """A number whose callers wait until one of the members is free.

    Asterisk knows the queue by ``name`` (table queues). ``timeout`` is how long a member rings,
    ``wrap_up`` how long one is left alone after a call, ``max_wait`` how long a caller waits (0: as
    long as it takes), ``announce_every`` how often a waiting caller is told the position (0:
    never), ``service_level`` within how long calls should be answered; all in seconds. ``music`` is
    a class of musiconhold.conf, empty for a ringing tone. ``fallback`` is the extension that gets a
    caller who waited too long, or could not wait, or is empty.
    """

    name = fields.CharField(max_length=30, primary_key=True)
    number = fields.CharField(max_length=20, unique=True)
    strategy = fields.CharField(max_length=11)
    timeout = fields.IntField()
    wrap_up = fields.IntField()
    music = fields.CharField(max_length=40)
    max_wait = fields.IntField()
    announce_every = fields.IntField()
    service_level = fields.IntField()
    join_empty = fields.BooleanField()
    fallback = fields.CharField(max_length=20)
    version = fields.IntField(default=1, db_default=1)
    agents: fields.ReverseRelation["QueueAgent"]
    extensions: fields.ReverseRelation["QueueExtension"]

    class Meta:
        app = "portal"
        table = "portal_queues"


class QueueAgent(Model):
    """An agent takes calls of a queue while logged in.

    Members of a higher ``penalty`` get calls only while no one of a lower one is free.
    """

    id = fields.IntField(primary_key=True, generated=True)
    queue: fields.ForeignKeyRelation[CallQueue] = fields.ForeignKeyField(
        "portal.CallQueue", related_name="agents", on_delete=fields.CASCADE
    )
    queue_id: str
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField(
        "portal.Agent", related_name="queues", on_delete=fields.CASCADE
    )
    agent_id: str
    penalty = fields.IntField()

    class Meta:
        app = "portal"
        table = "portal_queue_agents"
        unique_together = (("queue", "agent"),)
        indexes = (("agent_id",),)


class QueueExtension(Model):
    """A static member: the phone of an extension takes calls of a queue always."""

    id = fields.IntField(primary_key=True, generated=True)
    queue: fields.ForeignKeyRelation[CallQueue] = fields.ForeignKeyField(
        "portal.CallQueue", related_name="extensions", on_delete=fields.CASCADE
    )
    queue_id: str
    extension: fields.ForeignKeyRelation[Extension] = fields.ForeignKeyField(
        "portal.Extension", related_name="queues", on_delete=fields.CASCADE
    )
    extension_id: int
    penalty = fields.IntField()

    class Meta:
        app = "portal"
        table = "portal_queue_extensions"
        unique_together = (("queue", "extension"),)
        indexes = (("extension_id",),)
