"""Which numbers get texts, and which the library knows."""

import phonenumbers
from hypothesis import example, given
from hypothesis import strategies as st

from routing.numbers.plan import mobile, valid_in_china


def test_only_mobiles_get_texts() -> None:
    assert mobile("+8613912345678")
    assert not mobile("+865580000021")
    assert not mobile("12345")
    assert not mobile("client:office")
    assert mobile("+447911123456")
    assert not mobile("+442083661177")


@given(
    st.sampled_from(
        ["", "10", "20", "558", "571", "431", "754", "0558", "1", "13", "179", "400"]
    ).flatmap(
        lambda code: st.from_regex(r"[0-9]{3,11}", fullmatch=True).map(lambda rest: code + rest)
    )
)
@example("179551605555")
@example("0105551234")
def test_the_librarys_patterns_alone_say_what_the_library_says(national: str) -> None:
    try:
        whole = phonenumbers.is_valid_number(phonenumbers.parse("+86" + national, None))
    except phonenumbers.NumberParseException:
        whole = False

    assert valid_in_china(national) is whole
