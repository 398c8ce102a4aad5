"""Asterisk's own realtime tables, by Asterisk's own table and column names.

Only columns that pbxbridge always fills are declared: res_config_sqlite3 hands a NULL over as an
empty string, which sorcery refuses for most options. On a database made by Asterisk's alembic
scripts the undeclared columns simply stay NULL.

Source: contrib/ast-db-manage of Asterisk 22.
"""

from tortoise import fields
from tortoise.models import Model

from pbxbridge.models.moment import AsteriskMoment


class PsEndpoint(Model):
    """chan_pjsip endpoint: the device's call settings."""

    id = fields.CharField(max_length=255, primary_key=True)
    aors = fields.CharField(max_length=2048)
    auth = fields.CharField(max_length=255)
    context = fields.CharField(max_length=40)
    disallow = fields.CharField(max_length=200)
    allow = fields.CharField(max_length=200)
    direct_media = fields.CharField(max_length=5)
    dtmf_mode = fields.CharField(max_length=9)
    force_rport = fields.CharField(max_length=5)
    rewrite_contact = fields.CharField(max_length=5)
    rtp_symmetric = fields.CharField(max_length=5)
    callerid = fields.CharField(max_length=40)
    mailboxes = fields.CharField(max_length=40)
    identify_by = fields.CharField(max_length=80, db_default="username")
    outbound_auth = fields.CharField(max_length=255, db_default="")
    named_call_group = fields.CharField(max_length=40, db_default="")
    named_pickup_group = fields.CharField(max_length=40, db_default="")
    set_var = fields.TextField(db_default="CALLER_IDS=:")

    class Meta:
        app = "realtime"
        table = "ps_endpoints"


class PsAuth(Model):
    """chan_pjsip auth: the user name and secret a device registers with.

    The secret is in clear, or as digests of user name, realm and secret: of MD5 in ``md5_cred``, of
    others in ``password_digest`` (``SHA-256:<hex>``). ``supported_algorithms_uas`` is what Asterisk
    asks for, in that order; empty for MD5.
    """

    id = fields.CharField(max_length=255, primary_key=True)
    auth_type = fields.CharField(max_length=10)
    username = fields.CharField(max_length=40)
    password = fields.CharField(max_length=80)
    md5_cred = fields.CharField(max_length=40, db_default="")
    password_digest = fields.CharField(max_length=1024, db_default="")
    realm = fields.CharField(max_length=255, db_default="")
    supported_algorithms_uas = fields.CharField(max_length=1024, db_default="")

    class Meta:
        app = "realtime"
        table = "ps_auths"


class PsAor(Model):
    """chan_pjsip address of record: where a device may register, and how it is qualified."""

    id = fields.CharField(max_length=255, primary_key=True)
    max_contacts = fields.IntField()
    remove_existing = fields.CharField(max_length=5)
    qualify_frequency = fields.IntField()
    contact = fields.CharField(max_length=255, db_default="")

    class Meta:
        app = "realtime"
        table = "ps_aors"


class PsRegistration(Model):
    """chan_pjsip outbound registration: how Asterisk registers with a carrier.

    ``line`` of yes makes calls from there known by a parameter of the registered contact.
    """

    id = fields.CharField(max_length=255, primary_key=True)
    server_uri = fields.CharField(max_length=255)
    client_uri = fields.CharField(max_length=255)
    contact_user = fields.CharField(max_length=40)
    outbound_auth = fields.CharField(max_length=255)
    endpoint = fields.CharField(max_length=255)
    line = fields.CharField(max_length=5)
    expiration = fields.IntField()
    retry_interval = fields.IntField()
    forbidden_retry_interval = fields.IntField()
    fatal_retry_interval = fields.IntField()
    max_retries = fields.IntField()
    max_random_initial_delay = fields.IntField()
    auth_rejection_permanent = fields.CharField(max_length=5)

    class Meta:
        app = "realtime"
        table = "ps_registrations"


class PsIdentify(Model):
    """chan_pjsip identify: the address that a trunk's calls come from."""

    id = fields.CharField(max_length=255, primary_key=True)
    endpoint = fields.CharField(max_length=255)
    match = fields.CharField(max_length=80)

    class Meta:
        app = "realtime"
        table = "ps_endpoint_id_ips"


class IaxFriend(Model):
    """chan_iax2 peer and user in one.

    Asterisk writes ``ipaddr``, ``port`` and ``regseconds`` when the device registers.
    """

    id = fields.IntField(primary_key=True, generated=True)
    name = fields.CharField(max_length=40, unique=True)
    type = fields.CharField(max_length=6)
    username = fields.CharField(max_length=40)
    secret = fields.CharField(max_length=40)
    auth = fields.CharField(max_length=20)
    context = fields.CharField(max_length=40)
    callerid = fields.CharField(max_length=100)
    mailbox = fields.CharField(max_length=40)
    host = fields.CharField(max_length=40)
    ipaddr = fields.CharField(max_length=40)
    port = fields.IntField()
    regseconds = fields.IntField()
    qualify = fields.CharField(max_length=10)
    disallow = fields.CharField(max_length=200)
    allow = fields.CharField(max_length=200)
    requirecalltoken = fields.CharField(max_length=4)
    setvar = fields.CharField(max_length=200, db_default="CALLER_IDS=:")

    class Meta:
        app = "realtime"
        table = "iaxfriends"


class VoicemailBox(Model):
    """app_voicemail mailbox.

    The column ``password`` is the PIN, which the phone's user may change. ``email`` and ``pager``
    are kept empty: whoever stands there would have mail of Asterisk's own.
    """

    uniqueid = fields.IntField(primary_key=True, generated=True)
    context = fields.CharField(max_length=80)
    mailbox = fields.CharField(max_length=80)
    password = fields.CharField(max_length=80)
    fullname = fields.CharField(max_length=80)
    email = fields.CharField(max_length=80, db_default="")
    pager = fields.CharField(max_length=80, db_default="")

    class Meta:
        app = "realtime"
        table = "voicemail"
        unique_together = (("context", "mailbox"),)


class DialplanRow(Model):
    """pbx_realtime: one priority of one extension."""

    id = fields.BigIntField(primary_key=True, generated=True)
    context = fields.CharField(max_length=40)
    exten = fields.CharField(max_length=40)
    priority = fields.IntField()
    app = fields.CharField(max_length=40)
    appdata = fields.CharField(max_length=256)

    class Meta:
        app = "realtime"
        table = "extensions"
        unique_together = (("context", "exten", "priority"),)


class StaticConfigRow(Model):
    """Static realtime: one line of a configuration file that lives in the database.

    ``cat_metric`` orders the categories of a file, ``var_metric`` the lines of a category.
    """

    id = fields.IntField(primary_key=True, generated=True)
    cat_metric = fields.IntField()
    var_metric = fields.IntField()
    filename = fields.CharField(max_length=128, db_index=True)
    category = fields.CharField(max_length=128)
    var_name = fields.CharField(max_length=128)
    var_val = fields.CharField(max_length=1024)
    commented = fields.IntField()

    class Meta:
        app = "realtime"
        table = "ast_config"


class Queue(Model):
    """app_queue queue."""

    name = fields.CharField(max_length=128, primary_key=True)
    strategy = fields.CharField(max_length=11)
    musiconhold = fields.CharField(max_length=128)
    timeout = fields.IntField()
    retry = fields.IntField()
    wrapuptime = fields.IntField()
    ringinuse = fields.CharField(max_length=3)
    autofill = fields.CharField(max_length=3)
    joinempty = fields.CharField(max_length=128)
    leavewhenempty = fields.CharField(max_length=128)
    servicelevel = fields.IntField()
    announce_frequency = fields.IntField()
    announce_position = fields.CharField(max_length=128)
    announce_holdtime = fields.CharField(max_length=128)

    class Meta:
        app = "realtime"
        table = "queues"


class QueueMember(Model):
    """app_queue static member of a queue.

    ``interface`` is a device, as PJSIP/1002. Asterisk writes ``paused`` and ``reason_paused`` when
    the member is paused. Of ``uniqueid`` it only wants that no other row has it.
    """

    uniqueid = fields.IntField(primary_key=True, generated=False)
    queue_name = fields.CharField(max_length=80)
    interface = fields.CharField(max_length=80)
    membername = fields.CharField(max_length=80)
    state_interface = fields.CharField(max_length=80)
    penalty = fields.IntField()
    paused = fields.IntField()
    reason_paused = fields.CharField(max_length=80, db_default="")

    class Meta:
        app = "realtime"
        table = "queue_members"
        unique_together = (("queue_name", "interface"),)


class QueueLogEntry(Model):
    """What happened in a queue, as Asterisk writes it by itself.

    ``time`` is in UTC. ``callid`` is the caller's channel, ``agent`` the member's name, NONE for
    what has none; what ``data1`` to ``data5`` are is told by ``event``.
    https://docs.asterisk.org/Configuration/Applications/Queue-Logs/
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    time = AsteriskMoment(null=True, db_index=True)
    callid = fields.CharField(max_length=80, null=True, db_index=True)
    queuename = fields.CharField(max_length=256, null=True)
    agent = fields.CharField(max_length=80, null=True)
    event = fields.CharField(max_length=32, null=True)
    data1 = fields.CharField(max_length=100, null=True)
    data2 = fields.CharField(max_length=100, null=True)
    data3 = fields.CharField(max_length=100, null=True)
    data4 = fields.CharField(max_length=100, null=True)
    data5 = fields.CharField(max_length=100, null=True)

    class Meta:
        app = "realtime"
        table = "queue_log"
