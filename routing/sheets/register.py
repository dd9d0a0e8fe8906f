"""The register's CSV form: numbers, offices, topics and public services, read whole or not at
all. Counterpart of `routing.register`, whose values these become."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from routing.register import (
    LANGUAGES,
    MOST_FORWARDS,
    AnswerMode,
    Directory,
    ListingStatus,
    Names,
    Office,
    OutboundPolicy,
    Pronunciation,
    Publication,
    PublishedNumber,
    StandIn,
    Topic,
)
from routing.sheets.choices import VALUE_NAMES, all_named
from routing.sheets.contacts import NOBODY, read_contacts
from routing.sheets.rows import E164, Reader, Row, SheetError
from routing.week import HoursError, parse_hours

TOPIC_COLUMNS: Final = ("topic", "code", "zh", "en", "lead_office")
SERVICE_COLUMNS: Final = ("number", "zh", "en")
LEXICON_COLUMNS: Final = ("text", "language", "reading", "ipa")
_SHORT: Final = re.compile(r"[0-9]{3,20}")
_CODE: Final = re.compile(r"[1-4][1-4]")


@dataclass(frozen=True, slots=True)
class Sheets:
    """The texts of the files."""

    numbers: str
    offices: str
    topics: str
    services: str = "number,zh,en\n"
    lexicon: str = "text,language,reading,ipa\n"
    contacts: str = NOBODY


def read_directory(sheets: Sheets, *, area: str) -> Directory:
    """The register that the sheets describe. Raises SheetError with every fault found."""
    reader = Reader()
    offices = _offices(reader, sheets.offices)
    topics = _topics(reader, sheets.topics, offices)
    numbers = _numbers(reader, sheets.numbers, (offices, topics))
    directory = Directory(
        numbers=numbers,
        offices=offices,
        topics=topics,
        public_services=_services(reader, sheets.services),
        area=area,
        lexicon=tuple(_lexicon(reader, sheets.lexicon)),
        contacts=read_contacts(reader, sheets.contacts, offices),
    )
    if reader.faults:
        raise SheetError(tuple(reader.faults))
    return directory


def _once(row: Row, column: str, key: str, seen: Mapping[str, object]) -> bool:
    if key in seen:
        row.fault(column, "twice", key=key)
        return False
    return bool(key)


OFFICE_COLUMNS: Final = (
    "office", "office_en", "spoken", "spoken_en", "district", "district_en", "parent", "email",
    "hours", "time_zone", "pool_number", "stand_in_number", "attended",
)  # fmt: skip


def _offices(reader: Reader, text: str) -> dict[str, Office]:
    offices: dict[str, Office] = {}
    rows: list[Row] = []
    for row in reader.rows("offices", text, OFFICE_COLUMNS):
        office = _office(row)
        if _once(row, "office", office.id, offices):
            offices[office.id] = office
            rows.append(row)
    for row in rows:
        parent = row.text("parent")
        if parent and parent not in offices:
            row.fault("parent", "no_office", value=parent)
        elif row.text("office") in _above(offices, parent):
            row.fault("parent", "loop")
    _one_top(rows)
    return offices


def _one_top(rows: Sequence[Row]) -> None:
    """One office is the city's own: its name is the city's, and what nobody leads goes to it."""
    tops = [row for row in rows if not row.text("parent")]
    for row in tops[1:]:
        row.fault("parent", "two_tops", other=tops[0].text("office"))
    if rows and not tops:
        rows[0].fault("parent", "no_top")


def _above(offices: Mapping[str, Office], office: str) -> Sequence[str]:
    """The office and all above it, each once."""
    found: list[str] = []
    while office in offices and office not in found:
        found.append(office)
        office = offices[office].parent or ""
    return found


def _office(row: Row) -> Office:
    hours = row.needed("hours")
    try:
        parse_hours(hours)
    except HoursError as wrong:
        row.fault("hours", "hours", why=wrong.says)
    zone = row.needed("time_zone")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        row.fault("time_zone", "time_zone", value=zone)
    attended = row.text("attended")
    if attended not in {"yes", "no"}:
        row.fault("attended", "yes_or_no", value=attended)
    return Office(
        id=row.needed("office"),
        name=row.names("office", "office_en"),
        spoken=row.names("spoken", "spoken_en"),
        district=row.needed("district"),
        district_names=row.names("district", "district_en"),
        parent=row.text("parent") or None,
        email=row.needed("email"),
        hours=hours,
        time_zone=zone,
        pool_number=row.phone("pool_number"),
        stand_in_number=row.phone("stand_in_number"),
        attended=attended == "yes",
    )


def _topics(reader: Reader, text: str, offices: Mapping[str, Office]) -> dict[str, Topic]:
    topics: dict[str, Topic] = {}
    for row in reader.rows("topics", text, TOPIC_COLUMNS):
        lead = row.needed("lead_office")
        if lead and lead not in offices:
            row.fault("lead_office", "no_office", value=lead)
        code = row.matched("code", _CODE, "11: two menu keys, each 1 to 4")
        topic = Topic(row.needed("topic"), code, row.names("zh", "en"), lead)
        if _once(row, "topic", topic.id, topics):
            topics[topic.id] = topic
    return topics


NUMBER_COLUMNS: Final = (
    "number", "office", "post", "post_en", "spoken", "spoken_en", "holder", "district", "topics",
    "topic_group", "languages", "answer_mode", "outbound_policy", "forward_to", "status",
    "withdrawn_on", "suspended_on", "replaced_by", "published_in", "published_in_en",
    "published_on", "page", "url", "valid_until",
)  # fmt: skip
MORE_NUMBER_COLUMNS: Final = ("stand_in_number", "stand_in_from", "stand_in_until")
"""Those that a sheet of numbers may leave out."""
Known = tuple[Mapping[str, Office], Mapping[str, Topic]]


def _numbers(reader: Reader, text: str, known: Known) -> dict[str, PublishedNumber]:
    numbers: dict[str, PublishedNumber] = {}
    for row in reader.rows("numbers", text, NUMBER_COLUMNS):
        number = row.matched("number", E164, "+865580000001")
        office = known[0].get(row.needed("office"))
        if office is None:
            row.fault("office", "no_office", value=row.text("office"))
        elif _once(row, "number", number, numbers):
            before = len(reader.faults)
            numbers[number] = _number(row, number, office, known[1])
            if len(reader.faults) == before:
                _agrees(row, numbers[number])
    return numbers


def _agrees(row: Row, entry: PublishedNumber) -> None:
    """Cells that are right by themselves but not together."""
    if entry.status is ListingStatus.WITHDRAWN and entry.withdrawn_on is None:
        row.fault("withdrawn_on", "withdrawn_since")
    if entry.status is ListingStatus.SUSPENDED and entry.suspended_on is None:
        row.fault("suspended_on", "suspended_since")
    in_person = entry.answer_mode is not AnswerMode.POOLED
    if in_person and entry.forward_to is None and entry.status is not ListingStatus.WITHDRAWN:
        row.fault(
            "forward_to", "needs_phone", mode=VALUE_NAMES["answer_mode"][entry.answer_mode.value]
        )
    if entry.topic is not None and entry.topic_group is not None:
        row.fault("topic_group", "topic_or_group")
    if entry.valid_until < entry.publication.day:
        row.fault("valid_until", "ends_early")
    if entry.replaced_by == entry.e164:
        row.fault("replaced_by", "replaces_itself")


def _number(row: Row, number: str, office: Office, topics: Mapping[str, Topic]) -> PublishedNumber:
    topic = row.text("topics") or None
    if topic is not None and topic not in topics:
        row.fault("topics", "no_topic", value=topic)
    group = row.read("topic_group", lambda text: int(text or "0"), 0, "menu_key")
    if group not in range(5):
        row.fault("topic_group", "menu_key", value=group)
    languages = tuple(part.strip() for part in row.needed("languages").split(";"))
    if not set(languages) <= set(LANGUAGES) or len(set(languages)) != len(languages):
        row.fault("languages", "languages", allowed=all_named("languages", LANGUAGES))
    mode, policy = AnswerMode.POOLED, OutboundPolicy.NEVER
    forwards = _forwards(row, number)
    return PublishedNumber(
        e164=number,
        office=office.id,
        office_name=office.name,
        office_spoken=office.spoken,
        post=row.names("post", "post_en"),
        spoken=row.names("spoken", "spoken_en"),
        holder=row.text("holder"),
        district=row.needed("district"),
        district_names=office.district_names,
        topic=topic,
        topic_group=group or None,
        languages=languages,
        answer_mode=row.chosen("answer_mode", AnswerMode, mode),
        outbound_policy=row.chosen("outbound_policy", OutboundPolicy, policy),
        forward_to=forwards[0] if forwards else None,
        forward_further=forwards[1:],
        status=row.chosen("status", ListingStatus, ListingStatus.SUSPENDED),
        withdrawn_on=row.day_or_none("withdrawn_on"),
        suspended_on=row.day_or_none("suspended_on"),
        replaced_by=row.phone("replaced_by"),
        publication=_publication(row),
        valid_until=row.day("valid_until"),
        stand_in=_stand_in(row),
    )


def _forwards(row: Row, number: str) -> tuple[str, ...]:
    """The official's phones, `;` between them."""
    phones = row.phones("forward_to")
    for phone in {phone for phone in phones if phones.count(phone) > 1}:
        row.fault("forward_to", "phone_twice", key=phone)
    if len(phones) > MOST_FORWARDS:
        row.fault("forward_to", "phones_many", n=MOST_FORWARDS)
    if number in phones:
        row.fault("forward_to", "rings_itself")
    return phones


def _stand_in(row: Row) -> StandIn | None:
    """Its last day has to be told: who is away comes back."""
    number = row.phone("stand_in_number")
    since, until = row.day_or_none("stand_in_from"), row.day_or_none("stand_in_until")
    if number is None:
        if since or until:
            row.fault("stand_in_number", "stand_in_phone")
        return None
    if until is None:
        row.fault("stand_in_until", "stand_in_ends")
        return None
    if since is not None and until < since:
        row.fault("stand_in_until", "stand_in_backwards")
    if number == row.text("number"):
        row.fault("stand_in_number", "rings_itself")
    return StandIn(number, since, until)


def _publication(row: Row) -> Publication:
    return Publication(
        paper=row.names("published_in", "published_in_en"),
        day=row.day("published_on"),
        page=row.read("page", _page, 1, "page"),
        url=row.needed("url"),
    )


def _page(text: str) -> int:
    page = int(text)
    if page < 1:
        raise ValueError(text)
    return page


def _services(reader: Reader, text: str) -> dict[str, Names]:
    services: dict[str, Names] = {}
    for row in reader.rows("services", text, SERVICE_COLUMNS):
        number = row.matched("number", _SHORT, "110")
        if _once(row, "number", number, services):
            services[number] = row.names("zh", "en")
    return services


def _lexicon(reader: Reader, text: str) -> Iterator[Pronunciation]:
    for row in reader.rows("lexicon", text, LEXICON_COLUMNS):
        yield Pronunciation(
            row.needed("text"), row.needed("language"), row.needed("reading"), row.text("ipa")
        )
