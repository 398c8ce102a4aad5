"""The languages that a box can have its mails in, for the portal."""

from __future__ import annotations

from pbxbridge.mail.mail_templates import languages

# The code and the name in its own language, such as ("de", "Deutsch").
LANGUAGES = languages()
