from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise import fields

from pbxbridge.migrations.adopting import AdoptModel


class Migration(OurMigration):
    dependencies = [("realtime", "0001_initial")]

    initial = False

    operations = [
        AdoptModel(
            name="IaxFriend",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("name", fields.CharField(unique=True, max_length=40)),
                ("type", fields.CharField(max_length=6)),
                ("username", fields.CharField(max_length=40)),
                ("secret", fields.CharField(max_length=40)),
                ("auth", fields.CharField(max_length=20)),
                ("context", fields.CharField(max_length=40)),
                ("callerid", fields.CharField(max_length=100)),
                ("mailbox", fields.CharField(max_length=40)),
                ("host", fields.CharField(max_length=40)),
                ("ipaddr", fields.CharField(max_length=40)),
                ("port", fields.IntField()),
                ("regseconds", fields.IntField()),
                ("qualify", fields.CharField(max_length=10)),
                ("disallow", fields.CharField(max_length=200)),
                ("allow", fields.CharField(max_length=200)),
                ("requirecalltoken", fields.CharField(max_length=4)),
            ],
            options={
                "table": "iaxfriends",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "chan_iax2 peer and user in one.",
            },
            bases=["Model"],
        ),
    ]
