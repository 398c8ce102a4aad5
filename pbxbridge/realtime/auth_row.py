"""The row of a chan_pjsip auth: a user name with its secret, in clear or as digests. Pure.

Asterisk 22 checks the digests that it finds: of MD5 in ``md5_cred``, of others in
``password_digest``; it asks for the algorithms of ``supported_algorithms_uas`` in that order, each
in a header of its own (RFC 8760). An MD5 one must always be there, or the auth is refused (tried on
22.10). https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Module_Configuration/res_pjsip/#auth
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

# A digest is of this too, so it is said in the row: whatever pjsip.conf's default_realm becomes.
REALM = "asterisk"
MD5 = "MD5"
_HASHES: Mapping[str, str] = {MD5: "md5", "SHA-256": "sha256"}


def auth_columns(
    auth_id: str, username: str, secret: str, algorithms: Sequence[str] = ()
) -> Mapping[str, str]:
    """Return the row; without ``algorithms`` (MD5, SHA-256) it has the secret in clear."""
    row = {
        "id": auth_id,
        "auth_type": "userpass",
        "username": username,
        "password": secret,
        "md5_cred": "",
        "password_digest": "",
        "realm": "",
        "supported_algorithms_uas": "",
    }
    if not algorithms:
        return row
    return {
        **row,
        "auth_type": "md5",
        "password": "",
        "md5_cred": digest(MD5, username, secret),
        "password_digest": ",".join(
            f"{name}:{digest(name, username, secret)}" for name in algorithms if name != MD5
        ),
        "realm": REALM,
        "supported_algorithms_uas": asked_for(algorithms),
    }


def asked_for(algorithms: Sequence[str]) -> str:
    """Return what Asterisk asks for where there are these digests: MD5 last, and always."""
    return ",".join([*(name for name in algorithms if name != MD5), MD5]) if algorithms else ""


def digest(algorithm: str, username: str, secret: str) -> str:
    """Return what stands for a secret, in hex: the hash of user name, realm and secret.

    RFC 7616, section 3.4.2 (A1).
    """
    text = f"{username}:{REALM}:{secret}"
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()
