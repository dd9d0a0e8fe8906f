"""Numbers under the server's key: opened by it alone, never twice the same, never changed."""

import pytest

from storage.sealing import SealError, Sealing

NUMBER = "+8613912345678"


def test_what_is_sealed_is_opened_with_the_same_key() -> None:
    sealed = Sealing(b"k" * 32).seal(NUMBER)

    assert Sealing(b"k" * 32).open(sealed) == NUMBER
    assert NUMBER.encode() not in sealed


def test_the_same_number_is_sealed_anew_each_time() -> None:
    sealing = Sealing(b"k" * 32)

    assert sealing.seal(NUMBER) != sealing.seal(NUMBER)


def test_another_key_opens_nothing() -> None:
    sealed = Sealing(b"k" * 32).seal(NUMBER)

    with pytest.raises(SealError, match="SECRET_KEY"):
        Sealing(b"x" * 32).open(sealed)


def test_a_changed_byte_anywhere_opens_nothing() -> None:
    sealing = Sealing(b"k" * 32)
    sealed = sealing.seal(NUMBER)

    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealError):
            sealing.open(changed)
    for cut in (b"", sealed[:5], sealed[:-1]):
        with pytest.raises(SealError):
            sealing.open(cut)


def test_uses_of_one_key_say_nothing_of_each_other() -> None:
    sealing = Sealing(b"k" * 32)

    assert sealing.digest("caller", NUMBER) != sealing.digest("texts", NUMBER)
    assert sealing.digest("caller", NUMBER) == Sealing(b"k" * 32).digest("caller", NUMBER)
