from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise import fields

from pbxbridge.migrations.adopting import AdoptModel


class Migration(OurMigration):
    initial = True

    operations = [
        AdoptModel(
            name="DialplanRow",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("context", fields.CharField(max_length=40)),
                ("exten", fields.CharField(max_length=40)),
                ("priority", fields.IntField()),
                ("app", fields.CharField(max_length=40)),
                ("appdata", fields.CharField(max_length=256)),
            ],
            options={
                "table": "extensions",
                "app": "realtime",
                "unique_together": (("context", "exten", "priority"),),
                "pk_attr": "id",
                "table_description": "pbx_realtime: one priority of one extension.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="PsAor",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                ("max_contacts", fields.IntField()),
                ("remove_existing", fields.CharField(max_length=5)),
                ("qualify_frequency", fields.IntField()),
            ],
            options={
                "table": "ps_aors",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "chan_pjsip address of record: where a device may register, and how it is qualified.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="PsAuth",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                ("auth_type", fields.CharField(max_length=10)),
                ("username", fields.CharField(max_length=40)),
                ("password", fields.CharField(max_length=80)),
            ],
            options={
                "table": "ps_auths",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "chan_pjsip auth: the user name and secret a device registers with.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="PsEndpoint",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255),
                ),
                ("aors", fields.CharField(max_length=2048)),
                ("auth", fields.CharField(max_length=255)),
                ("context", fields.CharField(max_length=40)),
                ("disallow", fields.CharField(max_length=200)),
                ("allow", fields.CharField(max_length=200)),
                ("direct_media", fields.CharField(max_length=5)),
                ("dtmf_mode", fields.CharField(max_length=9)),
                ("force_rport", fields.CharField(max_length=5)),
                ("rewrite_contact", fields.CharField(max_length=5)),
                ("rtp_symmetric", fields.CharField(max_length=5)),
                ("callerid", fields.CharField(max_length=40)),
                ("mailboxes", fields.CharField(max_length=40)),
            ],
            options={
                "table": "ps_endpoints",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "chan_pjsip endpoint: the device's call settings.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="StaticConfigRow",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("cat_metric", fields.IntField()),
                ("var_metric", fields.IntField()),
                ("filename", fields.CharField(db_index=True, max_length=128)),
                ("category", fields.CharField(max_length=128)),
                ("var_name", fields.CharField(max_length=128)),
                ("var_val", fields.CharField(max_length=1024)),
                ("commented", fields.IntField()),
            ],
            options={
                "table": "ast_config",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "Static realtime: one line of a configuration file that lives in the database.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="VoicemailBox",
            fields=[
                (
                    "uniqueid",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("context", fields.CharField(max_length=80)),
                ("mailbox", fields.CharField(max_length=80)),
                ("password", fields.CharField(max_length=80)),
                ("fullname", fields.CharField(max_length=80)),
            ],
            options={
                "table": "voicemail",
                "app": "realtime",
                "unique_together": (("context", "mailbox"),),
                "pk_attr": "uniqueid",
                "table_description": "app_voicemail mailbox.",
            },
            bases=["Model"],
        ),
    ]
