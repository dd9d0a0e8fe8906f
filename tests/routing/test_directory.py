"""What the register says of a number today, and the names that are spoken."""

from dataclasses import replace
from datetime import date

import pytest

from routing.city import AREA, demo_sheets
from routing.directory import (
    Directory,
    DirectoryError,
    Genuine,
    ListingStatus,
    NotListed,
    PublicService,
    PublishedNumber,
    Suspended,
    Withdrawn,
    check,
    city_names,
    line_name,
    post_name,
    who_name,
)
from routing.numbers.reading import Number, read_number
from routing.sheets.register import read_directory

TODAY = date(2026, 11, 24)
POLICE = "+865580000021"
FINANCE = "+865580000024"
PETITIONS = "+865580000044"


@pytest.fixture(scope="module")
def city() -> Directory:
    return read_directory(demo_sheets(), area=AREA)


def changed(city: Directory, number: str, **values: object) -> Directory:
    entry = replace(city.numbers[number], **values)  # type: ignore[arg-type]  # its own fields
    return replace(city, numbers={**city.numbers, number: entry})


def test_the_demonstration_city_is_whole(city: Directory) -> None:
    statuses = [entry.status for entry in city.numbers.values()]
    expired = [entry for entry in city.numbers.values() if entry.valid_until < TODAY]
    closed = [office for office in city.offices.values() if office.hours == "closed"]

    assert (len(city.numbers), len(city.offices), len(city.topics)) == (81, 49, 26)
    assert statuses.count(ListingStatus.WITHDRAWN) == 1
    assert len(expired) == len(closed) == 1
    assert {entry.valid_until.year for entry in city.numbers.values() if entry not in expired} == {
        2036  # so that it can be shown, and tested, by the machine's own clock
    }


def test_every_number_of_the_city_reads_back_from_its_keys(city: Directory) -> None:
    for number in city.numbers:
        assert read_number(f"0{number[3:]}", area=AREA) == Number(number)


def test_the_posts_that_ask_no_topic_are_those_of_the_prompts(city: Directory) -> None:
    """Prompts §8: 41 state their topic; of the others 7 more have one and 8 ask one group."""
    entries = list(city.numbers.values())

    assert sum(entry.topic is not None for entry in entries) == 48
    assert sum(entry.topic_group is not None for entry in entries) == 8
    assert sum(not entry.topic and not entry.topic_group for entry in entries) == 25


def test_a_listed_number_is_genuine(city: Directory) -> None:
    assert check(city, Number(POLICE), TODAY) == Genuine(city.numbers[POLICE])


def test_a_listing_that_has_run_out_is_suspended_since_the_day_after(city: Directory) -> None:
    expected = Suspended(city.numbers[PETITIONS], date(2026, 9, 1))

    assert check(city, Number(PETITIONS), TODAY) == expected
    assert isinstance(check(city, Number(PETITIONS), date(2026, 8, 31)), Genuine)


def test_a_suspended_number_is_suspended_since_its_day(city: Directory) -> None:
    since = date(2026, 11, 1)
    suspended = changed(city, POLICE, status=ListingStatus.SUSPENDED, suspended_on=since)

    assert check(suspended, Number(POLICE), TODAY) == Suspended(suspended.numbers[POLICE], since)


def test_a_withdrawn_number_names_nobody(city: Directory) -> None:
    assert check(city, Number(FINANCE), TODAY) == Withdrawn(FINANCE, date(2026, 6, 1), None)


def test_unknown_and_unpublished_numbers_are_alike(city: Directory) -> None:
    personal = city.numbers[POLICE].forward_to
    assert personal is not None

    for number in ("+8613912345678", personal):
        assert check(city, Number(number), TODAY) == NotListed(number)


def test_a_public_service_is_not_of_this_list(city: Directory) -> None:
    verdict = check(city, Number("110", short=True), TODAY)

    assert isinstance(verdict, PublicService)
    assert verdict.names["en"] == "the police"


def test_a_public_service_shows_behind_the_own_area_code_alone(city: Directory) -> None:
    """Hotline §2.1: 96110 displays as area code and 96110; any other prefix is not vouched for."""
    own, other = read_number("055896110", area=AREA), read_number("055196110", area=AREA)
    assert isinstance(own, Number)
    assert isinstance(other, Number)

    assert check(city, own, TODAY) == PublicService(own.e164, city.public_services["96110"])
    assert check(city, other, TODAY) == NotListed("+8655196110")


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (POLICE, "市公安局负责人", "Director, Public Security Bureau"),
        ("+865580000009", "市长", "Mayor of Yunling"),
        ("+865580000004", "市纪委书记", None),
        ("+865580000053", "东城区区长", "Head of Dongcheng District"),
        ("+865580000077", "园区管委会主任", "Director, Industrial Park"),
    ],
)
def test_who_holds_a_number_is_said_once(
    city: Directory, number: str, zh: str, en: str | None
) -> None:
    entry = city.numbers[number]

    assert who_name(entry, "zh-CN") == zh
    if en is not None:
        assert who_name(entry, "en") == en


def test_no_name_says_an_office_twice_or_reads_brackets_aloud(city: Directory) -> None:
    for entry in city.numbers.values():
        for language in ("zh-CN", "en"):
            said = who_name(entry, language)

            assert "(" not in said
            assert said.count(entry.office_name[language]) <= 1


def test_the_spoken_line_is_short(city: Directory) -> None:
    assert line_name(city.numbers[POLICE], "zh-CN") == "市公安局"
    assert line_name(city.numbers["+865580000009"], "zh-CN") == "市长"
    assert all(len(line_name(entry, "zh-CN")) <= 12 for entry in city.numbers.values())


NO_ARTICLE = {
    "Culture, Tourism and Sport", "Data Resources", "Development and Reform",
    "Economy and Information", "Emergency Management", "Financial Regulation",
    "Healthcare Security", "Housing and Construction",
    "Human Resources and Social Security", "Market Regulation",
    "Natural Resources and Planning", "Science and Technology", "Tobacco", "Transport",
    "Urban Management", "Veterans Affairs",
}  # fmt: skip
"""Named by what they do (prompts §8), as English names a department without an article."""


def test_an_english_name_has_its_article_within_a_sentence(city: Directory) -> None:
    assert len(city.offices) == 49
    spoken = {office.spoken["en"] for office in city.offices.values()}
    spoken |= {line_name(entry, "en") for entry in city.numbers.values()}

    assert {name for name in spoken if not name.startswith("the ")} == NO_ARTICLE


def test_a_post_is_read_without_its_brackets(city: Directory) -> None:
    assert post_name(city.numbers["+865580000011"], "zh-CN") == "分管工业商务的副市长"
    assert post_name(city.numbers["+865580000001"], "en") == "Party Secretary of Yunling"


def test_the_city_is_named_by_the_office_at_the_top(city: Directory) -> None:
    assert city_names(city) == {"zh-CN": "云岭市", "en": "Yunling"}
    lower = {id_: office for id_, office in city.offices.items() if office.parent}
    for offices in ({}, lower):
        with pytest.raises(DirectoryError, match="no parent"):
            city_names(replace(city, offices=offices))


def test_no_number_of_the_city_could_be_somebodys(city: Directory) -> None:
    """All end in 000…: ranges that are never assigned."""
    entries: list[PublishedNumber] = list(city.numbers.values())
    numbers = {entry.e164 for entry in entries} | {entry.forward_to for entry in entries}
    numbers |= {office.pool_number for office in city.offices.values()}
    numbers |= {office.stand_in_number for office in city.offices.values()}

    assert all(number is not None and number.startswith("+8655800") for number in numbers)
