"""The words of the screens: the same thing is called the same everywhere."""

from __future__ import annotations

import pytest

from pbxbridge.services.extension_view import FIELDS as STORED
from pbxbridge.services.extension_view import audited_fields
from web.audit_words import ACTIONS, FIELDS, KINDS, action_words, field_words, value_words
from web.import_words import as_they_are, was_done, would_do
from web.pages.extension_form import LABELS
from web.render import breakable

AUDITED = audited_fields(dict.fromkeys(STORED))


def test_every_word_is_a_word_also_of_what_is_not_known_yet() -> None:
    assert action_words("extension.changed") == "Extension changed"
    assert action_words("queue.member-added") == "Queue member added"
    assert field_words("wrap_up_time") == "Wrap up time"
    values = [True, False, None, "", 7, ["a", "b"], {"address": "1", "browser": "x"}]
    words = ["On", "Off", "", "", "7", "a, b", "1 x"]
    assert [value_words(value) for value in values] == words
    assert len(KINDS) == len(ACTIONS)


def test_fields_are_called_what_the_editor_calls_them() -> None:
    for name in AUDITED:
        assert field_words(name) == LABELS[name]
        assert FIELDS["Extensions"][name] == LABELS[name]
    assert not FIELDS["Extensions"].keys() & {"voicemail_pin", "secret", "auth_secret"}


def test_moments_and_roles_are_written_as_the_screens_write_them() -> None:
    assert value_words("2027-02-24T15:44:15+00:00", "expires_at") == "2027-02-24 15:44 UTC"
    assert value_words("2027-02-24T15:44:15+02:00", "expires_at") == "2027-02-24 13:44 UTC"
    assert value_words("soon", "expires_at") == "soon"
    assert value_words("2027-02-24T15:44:15+00:00", "caller_id_name").startswith("2027-02-24T")
    assert [value_words(role, "role") for role in ("admin", "gone")] == ["Administrator", "gone"]


@pytest.mark.parametrize(
    ("create", "change", "words"),
    [
        (1, 0, "create 1 extension"),
        (3000, 0, "create 3,000 extensions"),
        (0, 1, "change 1 extension"),
        (0, 2, "change 2 extensions"),
        (2, 1, "create 2 extensions and change 1"),
        (0, 0, ""),
    ],
)
def test_what_would_be_done_leaves_out_what_is_nothing(
    create: int, change: int, words: str
) -> None:
    assert would_do(create, change) == words


def test_one_and_many_are_told_apart() -> None:
    assert [as_they_are(count) for count in (0, 1, 1200)] == [
        "",
        "1 is as the file says already.",
        "1,200 are as the file says already.",
    ]
    assert was_done(1, 0, 1) == "1 created, 1 left as it was."
    assert was_done(0, 2000, 3) == "2,000 changed, 3 left as they were."


def test_a_login_breaks_between_its_parts_and_stays_text() -> None:
    assert breakable("ada.k@pbx.local") == "ada.<wbr>k@<wbr>pbx.<wbr>local"
    assert breakable("<b>") == "&lt;b&gt;"
