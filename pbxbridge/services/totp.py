"""Codes of an authenticator app (RFC 6238): six digits, a new one every 30 seconds. Pure."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp

STEP_SECONDS = 30
# RFC 6238, 5.2: one step for the way of the code, and for clocks that differ.
TOLERANCE = 1
SECRET = re.compile(r"[A-Z2-7]{32}")


def new_secret() -> str:
    """Return a random secret: 160 bits (RFC 4226, 4, R6) in base32."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """Return the time step whose code this is; None if it is no code of these minutes.

    Steps up to ``after`` are no longer good: a code is accepted once (RFC 6238, 5.2). Blanks within
    the code, as apps show it, do not matter.
    """
    digits = "".join(code.split())
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    generator = pyotp.TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    for step in range(max(present - TOLERANCE, after + 1), present + TOLERANCE + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits):
            return step
    return None


def provisioning_uri(secret: str, login: str, issuer: str) -> str:
    """Return what the app reads: https://github.com/google/google-authenticator/wiki/Key-Uri-Format."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
