"""The words that people's accounts are described with, for pages: those do not see the models."""

from pbxbridge.models.people import Role, TokenScope

__all__ = ["Role", "TokenScope"]
