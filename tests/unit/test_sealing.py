"""Sealing: what one key sealed, any of the keys opens, and none that was not there."""

import pytest

from pbxbridge.sealing import Seal, checked_keys, new_key


def test_the_first_key_seals_and_all_open() -> None:
    old, new = new_key(), new_key()
    sealed = Seal([old]).sealed("a secret", "1001")
    both = Seal([new, old])
    assert both.opened(sealed, "1001") == "a secret"
    assert not sealed.startswith(both.current)
    assert both.sealed("a secret", "1001").startswith(Seal([new]).current)
    assert Seal([new]).opened(sealed, "1001") is None


@pytest.mark.parametrize("meddled", ["", "x", "00000000:x", "{seal}x", "{seal}"])
def test_what_was_meddled_with_opens_to_nothing(meddled: str) -> None:
    seal = Seal([new_key()])
    sealed = meddled.replace("{seal}", seal.sealed("a secret", "1001")[:-4])
    assert seal.opened(sealed, "1001") is None


def test_what_is_copied_to_another_owner_does_not_open() -> None:
    seal = Seal([new_key()])
    assert seal.opened(seal.sealed("a secret", "1001"), "2000") is None


def test_the_longest_secret_fits_the_column() -> None:
    assert len(Seal([new_key()]).sealed("x" * 40, f"{'9' * 20}-auth")) <= 255


def test_keys_have_blanks_or_lines_between_them_and_a_wrong_one_is_not_shown() -> None:
    one, two = new_key(), new_key()
    assert checked_keys(f" {one}\n{two} ") == [one, two]
    assert checked_keys("") == []
    with pytest.raises(ValueError, match="key 2 is none") as wrong:
        checked_keys(f"{one} {two[:-3]}")
    assert two[:-3] not in str(wrong.value)
