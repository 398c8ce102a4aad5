"""The kinds of failure pbxbridge knows; the portal maps each to an HTTP answer in one place."""

import math
from collections.abc import Mapping


class PbxBridgeError(Exception):
    """Root of every error that pbxbridge raises on purpose."""


class NotFound(PbxBridgeError):
    """The thing named does not exist."""


class Conflict(PbxBridgeError):
    """The change contradicts something that was saved meanwhile."""


class Invalid(PbxBridgeError):
    """What a person typed breaks a rule.

    ``fields`` maps the field's name to a sentence to show beside it; the empty name stands for
    the form as a whole.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        named = (f"{name}: {why}" if name else why for name, why in fields.items())
        super().__init__("; ".join(named))
        self.fields = dict(fields)


class Forbidden(PbxBridgeError):
    """The caller may not do this, or did not prove who they are."""


class SecondFactorNeeded(Forbidden):
    """The password was right; the code of the second factor is missing or wrong."""


class TooManyAttempts(PbxBridgeError):
    """Somebody tried too often, or too many try at once; ``retry_after`` is in whole seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = max(1, math.ceil(retry_after))
        super().__init__(f"Too many attempts. Try again in {_in_words(self.retry_after)}.")


class AsteriskUnavailable(PbxBridgeError):
    """Asterisk did not answer, refused the login, or is not fully booted."""


class Superseded(PbxBridgeError):
    """Another bridge does now what this one did."""


class NotDelivered(PbxBridgeError):
    """A message could not be handed over; ``permanent`` says that trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class MailError(NotDelivered):
    """The mail server did not take a mail."""


class WebhookError(NotDelivered):
    """The receiver of webhooks did not take a message."""


def _in_words(seconds: int) -> str:
    if seconds < 60:
        return "a few seconds" if seconds <= 10 else "a minute"
    minutes = math.ceil(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
