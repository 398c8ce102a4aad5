"""A site with one of everything, rows that others made, and what Asterisk's tables hold."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tortoise import Tortoise
from tortoise.models import Model

from pbxbridge.events import EventBus
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    PsIdentify,
    Queue,
    QueueMember,
    StaticConfigRow,
    VoicemailBox,
)
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extension_input import parse_extension
from tests.rig.calling import calling_on
from tests.rig.extensions import extensions_on

SIP, OVERRIDE, BOX, IAX2, DAHDI, VIRTUAL = ("1001", "1002", "1003", "1004", "1005", "1006")
EXTENSIONS: Mapping[str, Mapping[str, object]] = {
    SIP: {"dids": ["+4930111", "_+49302XX"], "phone_group": "sales", "agent_logins": True},
    OVERRIDE: {"auth_username": "us", "auth_secret": "0verride-s3cr3t", "phone_group": "sales"},
    BOX: {"voicemail": True, "voicemail_pin": "8642", "ring_time": 30, "monitored": False},
    IAX2: {"device_type": "IAX2", "voicemail": True, "voicemail_pin": "9753"},
    DAHDI: {"device_type": "DAHDI", "dahdi_channel": "1", "dids": ["+4930333"]},
    VIRTUAL: {"device_type": "VIRTUAL", "forward_all": SIP},
}
# Columns by which a row is known; a row that lacks its secret cannot be made as it was.
KEYS = frozenset(
    {
        *("id", "uniqueid", "context", "exten", "priority", "name", "mailbox", "endpoint"),
        *("queue_name", "interface"),
    }
)
SECRETS = frozenset({"password", "secret"})
# Keys that the database counts.
_COUNTED = frozenset({"id", "uniqueid"})
_TEXT_KEYS = frozenset({"ps_endpoints", "ps_auths", "ps_aors"})


async def make_site() -> None:
    """Make it by the services, as people do."""
    bus, admin = EventBus(), Actor("admin", "127.0.0.1")
    calling, extensions = calling_on(bus), extensions_on(bus)
    carrier = {"name": "carrier", "host": "192.0.2.1", "addresses": ["192.0.2.7"]}
    login = {"registers": True, "username": "us", "secret": "carr1er-s3cr3t"}
    await calling.trunks.create(admin, {**carrier, **login})
    await calling.trunks.create(admin, {"name": "other", "host": "198.51.100.1"})
    await calling.routes.create(admin, {"name": "all", "pattern": "_0.", "trunks": ["carrier"]})
    await calling.classes.create(admin, {"name": "outside", "routes": ["all"]})
    for number, fields in EXTENSIONS.items():
        wanted = {"number": number, "caller_id_name": f"Ext {number}", **fields}
        await extensions.create(admin, parse_extension(wanted))
    await calling.groups.create(admin, {"name": "sales", "number": "1100"})
    await calling.inbound.update(admin, {"unknown_did": SIP})
    person = {"number": "101", "first_name": "Ada", "last_name": "Byron", "pin": "8642"}
    await Agents(bus, None, ()).create(admin, person)
    queue = {"name": "calls", "number": "1200", "agents": "101:2", "extensions": IAX2}
    await Queues(bus).create(admin, queue)
    await AsteriskNotice.all().delete()


async def make_foreign_rows() -> list[str]:
    """Put in rows that an administrator might; return how they are named."""
    endpoint = await PsEndpoint.get(id=SIP).values()
    await PsEndpoint.create(**{**endpoint, "id": "doorphone", "context": "cos-internal"})
    await PsAuth.create(id="doorphone", auth_type="userpass", username="door", password="d00r-d00r")
    for aor in ("doorphone", "Trunk-Telekom"):
        await PsAor.create(**{**await PsAor.get(id=SIP).values(), "id": aor})
    await PsIdentify.create(id="door", endpoint="TRUNK-x", match="192.0.2.77")
    friend = await IaxFriend.get(name=IAX2).values()
    await IaxFriend.create(**{**without(friend, "id"), "name": "uplink", "username": "uplink"})
    step: dict[str, Any]
    for context, mailbox in (("default", "info"), ("hotel", SIP)):
        await VoicemailBox.create(context=context, mailbox=mailbox, password="1234", fullname="")
    for context, exten in (("extensions", "700"), ("did", "+4930700"), ("lobby", SIP)):
        step = {"context": context, "exten": exten, "priority": 1}
        await DialplanRow.create(**step, app="Playback", appdata="hello")
    line: dict[str, Any] = {
        "cat_metric": 0,
        "var_metric": 0,
        "var_name": "exten",
        "var_val": "s,1,Hangup()",
    }
    await StaticConfigRow.create(**line, filename="theirs.conf", category="x", commented=0)
    theirs = without(await Queue.get(name="calls").values(), "name")
    await Queue.create(name="theirs", **theirs)
    member = without(await QueueMember.get().values(), "uniqueid", "queue_name")
    await QueueMember.create(uniqueid=1, queue_name="theirs", **member)
    return [
        *("queues theirs", "queue_members theirs"),
        *("ps_endpoints doorphone", "ps_auths doorphone", "ps_aors doorphone"),
        *("ps_aors Trunk-Telekom", "ps_endpoint_id_ips door/TRUNK-x"),
        *("iaxfriends uplink", "voicemail default/info", f"voicemail hotel/{SIP}"),
        *("extensions extensions/700", "extensions did/+4930700", f"extensions lobby/{SIP}"),
        "ast_config theirs.conf/x",
    ]


async def contents(app: str, *, but: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Return what is in all tables of an app, without counted keys and these columns."""
    found = {}
    for model in Tortoise.apps[app].values():
        table = model._meta.db_table
        left = but | (frozenset() if table in _TEXT_KEYS else _COUNTED)
        rows = [without(row, *left) for row in await model.all().values()]
        found[table] = sorted(repr(sorted(row.items())) for row in rows)
    return found


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Leave out columns."""
    return {name: value for name, value in row.items() if name not in names}


def other_value(chance: Random, model: type[Model], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one column of a row with another value than it has."""
    names = [name for name in row if name not in KEYS | SECRETS and name not in _REGISTERED]
    name = chance.choice(names)
    value = row[name]
    if isinstance(value, int):
        return {name: value + 1}
    yes_or_no = {"yes": "no", "no": "yes"}
    return {name: yes_or_no.get(value) or _ENUMS.get(name) or f"{value}x"}


# Asterisk's own.
_REGISTERED = frozenset({"ipaddr", "port", "regseconds", "paused", "reason_paused"})
# What may stand in Asterisk's own schema, where not every word may.
_ENUMS = {"dtmf_mode": "inband", "auth_type": "md5", "type": "peer", "strategy": "linear"}
