from tortoise import fields
from pbxbridge.migrations.migration import Migration as OurMigration

from pbxbridge.migrations.adopting import AdoptField


class Migration(OurMigration):
    dependencies = [("realtime", "0006_voicemail")]

    initial = False

    operations = [
        # SIP secrets as digests. What Asterisk's scripts made has these columns already.
        AdoptField(
            model_name="PsAuth",
            name="md5_cred",
            field=fields.CharField(db_default="", max_length=40),
        ),
        AdoptField(
            model_name="PsAuth",
            name="password_digest",
            field=fields.CharField(db_default="", max_length=1024),
        ),
        AdoptField(
            model_name="PsAuth",
            name="realm",
            field=fields.CharField(db_default="", max_length=255),
        ),
        AdoptField(
            model_name="PsAuth",
            name="supported_algorithms_uas",
            field=fields.CharField(db_default="", max_length=1024),
        ),
    ]
