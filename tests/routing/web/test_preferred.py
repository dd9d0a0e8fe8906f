"""What a browser asks for is heeded where it can be read, and takes no time where it cannot."""

import pytest

from routing.web.preferred import MOST_RANGES, preferred
from routing.web.wording import Tongue


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Tongue.ZH),
        ("en", Tongue.EN),
        ("EN-us", Tongue.EN),
        ("zh-CN,zh;q=0.9,en;q=0.8", Tongue.ZH),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", Tongue.EN),
        ("en;q=0.5, zh-Hant-TW;q=0.7", Tongue.ZH),
        ("de-DE, de;q=0.9, en;q=0.1", Tongue.EN),
        ("fr, de", Tongue.ZH),
        ("*", Tongue.ZH),
        ("en;q=0.5, *;q=0.4", Tongue.EN),
        ("en;q=0.4, *;q=0.5", Tongue.ZH),
        ("*, zh;q=0", Tongue.EN),
        ("en;q=0", Tongue.ZH),
        ("en;q=0, zh;q=0", Tongue.ZH),
        ("en; q=0.5,zh;q=0.5", Tongue.EN),
        ("en;q=2, zh;q=0.1", Tongue.ZH),
        ("english-please", Tongue.ZH),
        ("en_US", Tongue.ZH),
        (";q=1, ,,-, en\x00, zh;;", Tongue.ZH),
        ("fr," * MOST_RANGES + "en", Tongue.ZH),
        ("en" + "x" * 100_000, Tongue.ZH),
    ],
)
def test_the_language_that_is_wanted_most_is_taken(header: str, language: Tongue) -> None:
    assert preferred(header) is language
