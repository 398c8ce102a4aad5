"""Encrypts what the bridge must be able to say again, with keys that are not in the database.

Fernet (AES-128 in CBC mode, HMAC-SHA256; https://github.com/fernet/spec) of the cryptography
package. What is sealed begins with its key's name, so that nothing need be tried to see whether a
key is still in use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken

_NAME_LENGTH = 8


class Seal:
    """Seals with the first of its keys, opens what any of them sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take at least one key, each as ``new_key`` makes them. Raises ValueError for others."""
        self._boxes = {_name(key): Fernet(key) for key in keys}
        self._current = _name(keys[0])

    @property
    def current(self) -> str:
        """What begins all that is sealed with the present key."""
        return f"{self._current}:"

    def sealed(self, text: str, owner: str) -> str:
        """Return the text sealed for an owner (one line): of both, up to 79 bytes, 193 characters.

        It opens for that owner alone, so nobody gets it by copying it to a place of their own.
        """
        content = f"{owner}\n{text}".encode()
        return self.current + self._boxes[self._current].encrypt(content).decode()

    def opened(self, sealed: str, owner: str) -> str | None:
        """Return the text; None if no key opens it, or it is not this owner's."""
        name, _, token = sealed.partition(":")
        box = self._boxes.get(name)
        try:
            content = box.decrypt(token).decode() if box else ""
        except InvalidToken:
            return None
        of, _, text = content.partition("\n")
        return text if of == owner else None


def new_key() -> str:
    """Return a new random key: 256 bits as 44 characters."""
    return Fernet.generate_key().decode()


def checked_keys(text: str) -> Sequence[str]:
    """Return the keys of a text that has blanks or line breaks between them.

    Raises ValueError, which says which of them is no key but never what it is.
    """
    keys = text.split()
    for place, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            sentence = f"key {place} is none: `pbxbridge new-key` makes one"
            raise ValueError(sentence) from None
    return keys


def _name(key: str) -> str:
    # Of a random key a digest tells nothing.
    return hashlib.sha256(b"pbxbridge key " + key.encode()).hexdigest()[:_NAME_LENGTH]
