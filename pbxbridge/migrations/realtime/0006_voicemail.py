from tortoise import fields
from pbxbridge.migrations.migration import Migration as OurMigration

from pbxbridge.migrations.adopting import AdoptField, OnPostgres

# As Asterisk's alembic scripts have it, but for the caller: they allow 80 characters, Asterisk makes
# up to 255 of a name and a number, and a message whose caller does not fit is lost.
COLUMNS = {
    "context": "varchar(80)",
    "callerid": "varchar(256)",
    "origtime": "int",
    "duration": "int",
    "recording": "bytea",
    "flag": "varchar(30)",
    "category": "varchar(30)",
    "mailboxuser": "varchar(30)",
    "mailboxcontext": "varchar(30)",
    "msg_id": "varchar(40)",
}
# Not compressed, a recording is read in pieces without being unpacked from its beginning for each.
TABLE = f"""
DO $$
BEGIN
    IF to_regclass('voicemail_messages') IS NULL THEN
        CREATE TABLE voicemail_messages (
            dir varchar(255) NOT NULL,
            msgnum int NOT NULL,
            {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())},
            PRIMARY KEY (dir, msgnum)
        );
        ALTER TABLE voicemail_messages ALTER COLUMN recording SET STORAGE EXTERNAL;
    END IF;
END $$"""


class Migration(OurMigration):
    dependencies = [("realtime", "0005_patterns")]

    initial = False

    operations = [
        # Asterisk mails to whoever stands here. So the bridge writes that nobody does.
        AdoptField(
            model_name="VoicemailBox",
            name="email",
            field=fields.CharField(db_default="", max_length=80),
        ),
        AdoptField(
            model_name="VoicemailBox",
            name="pager",
            field=fields.CharField(db_default="", max_length=80),
        ),
        # The messages of app_voicemail_odbc. There is no model: its key is of two columns.
        OnPostgres(
            [
                TABLE,
                *(
                    f"ALTER TABLE voicemail_messages ADD COLUMN IF NOT EXISTS {name} {kind}"
                    for name, kind in COLUMNS.items()
                ),
                "CREATE INDEX IF NOT EXISTS idx_voicemail_messages_mailbox "
                "ON voicemail_messages (mailboxcontext, mailboxuser)",
            ],
            # The table stays: what people said is in it.
            reverse_sql=["DROP INDEX idx_voicemail_messages_mailbox"],
        ),
    ]
