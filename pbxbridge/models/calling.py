"""What decides about calls, besides the extensions themselves: classes, routes, trunks, groups.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from tortoise import fields
from tortoise.models import Model


class ClassOfService(Model):
    """A named set of what an extension may dial.

    Asterisk knows it as the context ``cos-<name>``. ``routes`` are names of routes. ``days`` (such
    as ``mon tue``) with ``opens`` and ``closes`` (``08:00``) are empty for always. Of a PIN only
    what the dialplan compares is kept, see dialplan/class_of_service.py.
    """

    name = fields.CharField(max_length=30, primary_key=True)
    description = fields.CharField(max_length=120)
    routes: list[str] = fields.JSONField(default=list, db_default="[]")
    days = fields.CharField(max_length=30, default="", db_default="")
    opens = fields.CharField(max_length=5, default="", db_default="")
    closes = fields.CharField(max_length=5, default="", db_default="")
    pin_hash = fields.CharField(max_length=41, default="", db_default="")
    version = fields.IntField(default=1, db_default=1)

    class Meta:
        app = "portal"
        table = "portal_classes_of_service"


class Trunk(Model):
    """A line to a carrier, by SIP.

    Its secret lies in Asterisk's own row. ``addresses`` are where its calls come from, with blanks
    between. ``registers`` means that Asterisk registers there.
    """

    name = fields.CharField(max_length=30, primary_key=True)
    description = fields.CharField(max_length=120)
    host = fields.CharField(max_length=200)
    port = fields.IntField()
    registers = fields.BooleanField()
    username = fields.CharField(max_length=40)
    caller_id = fields.CharField(max_length=21)
    addresses = fields.CharField(max_length=400)
    monitored = fields.BooleanField()
    version = fields.IntField(default=1, db_default=1)

    class Meta:
        app = "portal"
        table = "portal_trunks"


class Route(Model):
    """Numbers that go out, and by which trunks.

    ``pattern`` is as Asterisk writes it, ``trunks`` are names in the order in which they are tried.
    """

    name = fields.CharField(max_length=30, primary_key=True)
    description = fields.CharField(max_length=120)
    pattern = fields.CharField(max_length=40)
    strip = fields.IntField()
    prepend = fields.CharField(max_length=20)
    trunks: list[str] = fields.JSONField()
    emergency = fields.BooleanField()
    version = fields.IntField(default=1, db_default=1)

    class Meta:
        app = "portal"
        table = "portal_routes"


class PhoneGroup(Model):
    """A number that makes all members of a phone group ring.

    The members say so themselves, by Extension.phone_group. ``ring_time`` is in seconds.
    ``fallback`` is the extension that gets what nobody answers, or empty.
    """

    name = fields.CharField(max_length=40, primary_key=True)
    number = fields.CharField(max_length=20, unique=True)
    ring_time = fields.IntField()
    fallback = fields.CharField(max_length=20)
    version = fields.IntField(default=1, db_default=1)

    class Meta:
        app = "portal"
        table = "portal_phone_groups"


class SiteSetting(Model):
    """What an administrator set for the whole site."""

    name = fields.CharField(max_length=40, primary_key=True)
    value = fields.CharField(max_length=200)
    version = fields.IntField(default=1, db_default=1)

    class Meta:
        app = "portal"
        table = "portal_site_settings"
