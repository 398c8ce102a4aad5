"""The one-time code of a password reset: made, shown, typed, and kept as a hash. Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# RFC 4648's base32: neither 0 nor 1 nor 8, which are read as O, I and B.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
LENGTH = 12
GROUP = 4
_MISREAD = str.maketrans("018", "OIB")


def new_code() -> str:
    """Return a random code of 60 bits, in groups as it is shown: ``ABCD-EFGH-IJKL``."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def hash_of_code(typed: str) -> str:
    """Return what is kept of a code, however it was typed.

    SHA-256 is enough: to find 60 random bits takes longer than the code is good.
    """
    plain = "".join(char for char in typed.upper().translate(_MISREAD) if char in ALPHABET)
    return hashlib.sha256(plain.encode("ascii")).hexdigest()


def is_code(stored_hash: str, typed: str) -> bool:
    """Return whether this is the code of that hash."""
    return hmac.compare_digest(stored_hash, hash_of_code(typed))
