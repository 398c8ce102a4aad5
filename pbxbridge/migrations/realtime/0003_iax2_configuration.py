from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops

# What chan_iax2 reads of a friend: the name of each line, and where its value comes from. How often
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
)


def _line(place: int, name: str, value: str) -> str:
    text = f"CAST({value} AS TEXT)"  # in tables of Asterisk's own making some are enums
    return (
        f"SELECT id AS cat_metric, {place} AS var_metric, 'iax_friends.conf' AS filename, "
        f"name AS category, '{name}' AS var_name, {text} AS var_val, 0 AS commented "
        f"FROM iaxfriends WHERE {text} <> ''"
    )


class Migration(OurMigration):
    dependencies = [("realtime", "0002_iax2")]

    initial = False

    operations = [
        # The table iaxfriends as lines of a configuration file, in the columns of ast_config: see
        # asterisk-test-config/etc/iax.conf.
        ops.RunSQL(
            "CREATE VIEW iaxfriends_conf AS "
            + " UNION ALL ".join(_line(place, *line) for place, line in enumerate(LINES)),
            reverse_sql="DROP VIEW iaxfriends_conf",
        ),
    ]
