"""The schema's history, one package per Tortoise app; written by ``tortoise makemigrations``."""

from pbxbridge.models.database import tortoise_config

# For the tortoise command, which compares models with migrations and opens no database for that.
TORTOISE_ORM = tortoise_config("sqlite://:memory:")
