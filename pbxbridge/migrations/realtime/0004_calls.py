from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from tortoise import fields

from pbxbridge.migrations.adopting import AdoptField, AdoptModel


# As 0003_iax2_configuration.py has it, and setvar. What chan_iax2 reads of a friend: the name of each line, and where its value comes from. How often
# a device is asked is in milliseconds; chan_iax2's own 60 s would notice a silent one after 82 s.
LINES = (
    ("type", "type"),
    ("username", "username"),
    ("secret", "secret"),
    ("auth", "auth"),
    ("host", "host"),
    ("context", "context"),
    ("callerid", "callerid"),
    ("mailbox", "mailbox"),
    ("qualify", "qualify"),
    ("qualifyfreqok", "'10000'"),
    ("qualifyfreqnotok", "'10000'"),
    ("disallow", "disallow"),
    ("allow", "allow"),
    ("requirecalltoken", "requirecalltoken"),
    ("setvar", "setvar"),
)


def _line(place: int, name: str, value: str) -> str:
    text = f"CAST({value} AS TEXT)"  # in tables of Asterisk's own making some are enums
    return (
        f"SELECT id AS cat_metric, {place} AS var_metric, 'iax_friends.conf' AS filename, "
        f"name AS category, '{name}' AS var_name, {text} AS var_val, 0 AS commented "
        f"FROM iaxfriends WHERE {text} <> ''"
    )


class Migration(OurMigration):
    dependencies = [("realtime", "0003_iax2_configuration")]

    initial = False

    operations = [
        AdoptModel(
            name="PsIdentify",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                ("endpoint", fields.CharField(max_length=255)),
                ("match", fields.CharField(max_length=80)),
            ],
            options={
                "table": "ps_endpoint_id_ips",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "chan_pjsip identify: the address that a trunk's calls come from.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="PsRegistration",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                ("server_uri", fields.CharField(max_length=255)),
                ("client_uri", fields.CharField(max_length=255)),
                ("contact_user", fields.CharField(max_length=40)),
                ("outbound_auth", fields.CharField(max_length=255)),
                ("endpoint", fields.CharField(max_length=255)),
                ("line", fields.CharField(max_length=5)),
                ("expiration", fields.IntField()),
                ("retry_interval", fields.IntField()),
                ("forbidden_retry_interval", fields.IntField()),
                ("fatal_retry_interval", fields.IntField()),
                ("max_retries", fields.IntField()),
                ("max_random_initial_delay", fields.IntField()),
                ("auth_rejection_permanent", fields.CharField(max_length=5)),
            ],
            options={
                "table": "ps_registrations",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "chan_pjsip outbound registration: how Asterisk registers with a carrier.",
            },
            bases=["Model"],
        ),
        AdoptField(
            model_name="IaxFriend",
            name="setvar",
            field=fields.CharField(db_default="CALLER_IDS=:", max_length=200),
        ),
        AdoptField(
            model_name="PsAor",
            name="contact",
            field=fields.CharField(db_default="", max_length=255),
        ),
        AdoptField(
            model_name="PsEndpoint",
            name="identify_by",
            field=fields.CharField(db_default="username", max_length=80),
        ),
        AdoptField(
            model_name="PsEndpoint",
            name="named_call_group",
            field=fields.CharField(db_default="", max_length=40),
        ),
        AdoptField(
            model_name="PsEndpoint",
            name="named_pickup_group",
            field=fields.CharField(db_default="", max_length=40),
        ),
        AdoptField(
            model_name="PsEndpoint",
            name="outbound_auth",
            field=fields.CharField(db_default="", max_length=255),
        ),
        AdoptField(
            model_name="PsEndpoint",
            name="set_var",
            field=fields.TextField(db_default="CALLER_IDS=:", unique=False),
        ),
        ops.RunSQL(
            "DROP VIEW iaxfriends_conf",
            reverse_sql="SELECT 1",
        ),
        ops.RunSQL(
            "CREATE VIEW iaxfriends_conf AS "
            + " UNION ALL ".join(_line(place, *line) for place, line in enumerate(LINES)),
            reverse_sql="DROP VIEW iaxfriends_conf",
        ),
    ]
