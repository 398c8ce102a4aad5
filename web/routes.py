"""The names of the routes that middleware treats in a special way."""

SIGN_IN = "sign_in"
SIGN_OUT = "sign_out"
PASSWORD = "password"  # noqa: S105 - the name of a route
STATIC = "static"
HEALTH = "health"
LIVE = "live"

INVITATION = "invitation"
PROVISIONING = "provisioning"
PROVISIONING_BY_MAC = "provisioning_by_mac"

PASSWORD_PATH = "/password"  # noqa: S105 - the path of a page

# Neither reads a session nor needs one.
SESSIONLESS = frozenset({STATIC, HEALTH, INVITATION, PROVISIONING, PROVISIONING_BY_MAC})
ALLOWED_WITH_ONE_TIME_PASSWORD = frozenset({PASSWORD, SIGN_OUT})
