"""Hands messages to the receiver of webhooks by HTTP, signed (docs/history.md)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

import aiohttp

from pbxbridge.errors import WebhookError
from pbxbridge.settings import WebhookSettings

GONE = 410
REASON_LENGTH = 120


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what the header X-Pbxbridge-Signature says."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class WebhookSender:
    """Posts to one receiver, one connection per message. Of an answer only the status counts."""

    def __init__(self, settings: WebhookSettings, clock: Callable[[], float] = time.time) -> None:
        """Sign with the seconds that ``clock`` tells since 1970."""
        self._settings = settings
        self._clock = clock

    async def send(self, key: str, body: str) -> None:
        """Return as soon as the receiver has taken the message: a status of 2xx.

        Raises WebhookError, permanent if the receiver says that it is gone (410). No error tells
        the whole address or the secret.
        """
        content = body.encode()
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=self._settings.timeout)
                ) as http,
                http.post(
                    self._settings.url.get_secret_value(),
                    data=content,
                    headers=self._headers(key, content),
                    allow_redirects=False,
                ) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Without the error itself: what it says may hold the address.
            raise WebhookError(_harmless(self._words(error)), permanent=False) from None
        if not 200 <= status < 300:
            # Not the receiver's own words, which may repeat the address.
            raise WebhookError(f"it answered {status}", permanent=status == GONE)

    def _headers(self, key: str, content: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        secret = self._settings.secret.get_secret_value()
        return {
            "Content-Type": "application/json",
            "X-Pbxbridge-Id": key,
            "X-Pbxbridge-Timestamp": timestamp,
            "X-Pbxbridge-Signature": signature(secret, timestamp, content),
        }

    def _words(self, error: Exception) -> str:
        match error:
            case TimeoutError():
                return f"no answer within {self._settings.timeout:g} s"
            case aiohttp.ClientConnectorCertificateError():
                return f"its certificate is not good: {error.certificate_error}"
            case aiohttp.ClientConnectorError():
                return f"no connection: {error.os_error.strerror or type(error.os_error).__name__}"
            case _:
                return type(error).__name__


def _harmless(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isprintable()).strip()[:REASON_LENGTH]
