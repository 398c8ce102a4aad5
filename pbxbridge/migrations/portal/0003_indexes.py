from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(OurMigration):
    dependencies = [("portal", "0002_people_and_fields")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="AsteriskNotice",
            index=Index(fields=["subject"]),
        ),
        ops.AddIndex(
            model_name="AsteriskNotice",
            index=Index(fields=["kind"]),
        ),
        ops.AddIndex(
            model_name="Did",
            index=Index(fields=["extension_id"]),
        ),
        ops.RemoveIndex(
            model_name="Extension",
            name=None,
            fields=["sort_key"],
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["sort_key", "caller_id_name"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["device_type", "caller_id_name", "sort_key"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["class_of_service_id", "caller_id_name", "sort_key"]),
        ),
        # Its unique index begins with the extension. Tortoise can declare none for a table that
        # has no model.
        ops.RunSQL(
            "CREATE INDEX idx_portal_extension_users_user_id ON portal_extension_users (user_id)"
        ),
    ]
