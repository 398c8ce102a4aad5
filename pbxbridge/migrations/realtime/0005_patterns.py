from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops


class Migration(OurMigration):
    dependencies = [("realtime", "0004_calls")]

    initial = False

    operations = [
        # pbx_realtime asks for all patterns of a context whenever it finds no such number: without
        # this it reads the whole context. The condition must read as Asterisk's own does.
        ops.RunSQL(
            "CREATE INDEX idx_extensions_patterns ON extensions (context, priority, exten) "
            r"WHERE exten LIKE '\_%' ESCAPE '\'",
            reverse_sql="DROP INDEX idx_extensions_patterns",
        ),
    ]
