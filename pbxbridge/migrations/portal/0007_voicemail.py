from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from pbxbridge.models.extension import AfterSending, VoicemailAudio
from pbxbridge.models.outbox import MailKind
from tortoise import fields
from tortoise.indexes import Index


class Migration(OurMigration):
    dependencies = [("portal", "0006_history")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RecordingPart",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("recording", fields.CharField(max_length=32)),
                ("place", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("content", fields.BinaryField()),
            ],
            options={
                "table": "portal_recording_parts",
                "app": "portal",
                "unique_together": (("recording", "place"),),
                "indexes": [Index(fields=["created_at"])],
                "pk_attr": "id",
                "table_description": "A piece of a recording that is mailed: read and sent one by one, however long it is.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Extension",
            name="voicemail_after_sending",
            field=fields.CharEnumField(
                default=AfterSending.KEEP,
                description="KEEP: keep\nHEARD: heard\nDELETE: delete",
                db_default="keep",
                enum_type=AfterSending,
                max_length=6,
            ),
        ),
        ops.AddField(
            model_name="Extension",
            name="voicemail_audio",
            field=fields.CharEnumField(
                default=VoicemailAudio.WAV,
                description="WAV: wav\nMP3: mp3\nLINK: link",
                db_default="wav",
                enum_type=VoicemailAudio,
                max_length=4,
            ),
        ),
        ops.AddField(
            model_name="Extension",
            name="voicemail_language",
            field=fields.CharField(default="", db_default="", max_length=5),
        ),
        ops.AddField(
            model_name="Extension",
            name="voicemail_time_zone",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="after_sending",
            field=fields.CharEnumField(
                default=AfterSending.KEEP,
                description="KEEP: keep\nHEARD: heard\nDELETE: delete",
                db_default="keep",
                enum_type=AfterSending,
                max_length=6,
            ),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="ending",
            field=fields.BinaryField(null=True, default=b""),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="kind",
            field=fields.CharEnumField(
                default=MailKind.VOICEMAIL,
                description="VOICEMAIL: voicemail\nPASSWORD_RESET: password-reset\nTEST: test",
                db_default="voicemail",
                enum_type=MailKind,
                max_length=16,
            ),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="msg_id",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="recording",
            field=fields.CharField(default="", db_default="", max_length=32),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="failed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="resent_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="size",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        # A mail that waits from before: what it is about shows in whose it is.
        ops.RunSQL(
            "UPDATE portal_outgoing_mail SET kind = 'password-reset' WHERE mailbox LIKE 'user:%'"
        ),
        ops.RunSQL(
            "UPDATE portal_outgoing_mail SET msg_id ="
            " substr(dedupe_key, length('voicemail:' || mailbox || '@default:') + 1)"
            " WHERE dedupe_key LIKE 'voicemail:%@default:%'"
        ),
        ops.RunSQL("UPDATE portal_outgoing_mail SET size = length(message) WHERE state <> 'sent'"),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["sent_at"]),
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["failed_at"]),
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["mailbox", "msg_id"]),
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["recording"]),
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["after_sending"]),
        ),
    ]
