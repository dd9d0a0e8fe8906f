"""Every story in `calls/` plays as written, straight into the core and over each carrier's wire.
What is heard differently with a carrier is written in a folder of its name; a story that cannot be
told there as it is says why. One story may cover many modules."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Final, get_args

import pytest

from ivr.carrier.local.bank import Bank
from ivr.carrier.local.dialects import dialect_of
from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import Gather
from ivr.carrier.playing import Sounds
from ivr.carrier.profiles import TWILIO, CarrierName, Profile, profile_of
from ivr.carrier.twiml import Twiml, Urls
from ivr.flow.announcing import Announcement, Heard, document
from ivr.flow.instruction import Language
from ivr.flow.world import Plan
from tests.ivr.playbook import on_policy, perform
from tests.ivr.retelling import retold
from tests.ivr.wire import BASE, Wire

FOLDER: Final = Path(__file__).parent / "calls"
CALLS: Final = sorted(FOLDER.glob("*.call"))
CARRIERS: Final = [profile_of(name) for name in get_args(CarrierName)]
WHY: Final = re.compile(r"^# Not as elsewhere: .{10,}\.$", re.MULTILINE)
ON_EACH: Final = pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.name)


def own(carrier: Profile, story: Path) -> Path:
    """Where a story stands as it is heard with this carrier."""
    return FOLDER / carrier.name / story.name


def on_carrier(plan: Plan, carrier: Profile) -> Plan:
    """As `deployment.plans` has it."""
    return on_policy(
        plan,
        hears=carrier.speech,
        whispers=carrier.whisper,
        together=carrier.together,
        hash_told=carrier.gather_key,
    )


def keep(mine: Path, story: str | None) -> None:
    """None where it is heard as everywhere."""
    if story is None:
        mine.unlink(missing_ok=True)
        return
    mine.parent.mkdir(exist_ok=True)
    mine.write_text(story, encoding="utf-8")


def events(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("> ")]


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_story_plays_as_written(
    path: Path, demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    written = path.read_text(encoding="utf-8")

    played = perform(written, demo_plan)

    if request.config.getoption("--update"):
        path.write_text(played, encoding="utf-8")
        return
    assert played == written


@ON_EACH
@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_story_plays_over_the_wire(
    path: Path, carrier: Profile, demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    """As its own file says, else as everywhere."""
    mine = own(carrier, path)
    common = path.read_text(encoding="utf-8")
    written = mine.read_text(encoding="utf-8") if mine.exists() else common
    plan = on_carrier(demo_plan, carrier)

    if request.config.getoption("--update"):
        anew = retold(written, plan, Wire(carrier))
        keep(mine, anew if anew != common else None)
        return
    assert perform(written, plan, Wire(carrier)) == written


def test_what_is_recorded_is_played_where_the_carrier_is_told_to(
    demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    """`VOICES=play`: the same call, with what is played and what is said."""
    path = FOLDER / "play" / "check_slow_zh.call"
    written = path.read_text(encoding="utf-8")

    wire = Wire(TWILIO, sounds=Sounds.of(Bank(), BASE))
    played = perform(written, on_carrier(demo_plan, TWILIO), wire)

    if request.config.getoption("--update"):
        path.write_text(played, encoding="utf-8")
        return
    assert played == written


@ON_EACH
def test_every_url_that_is_handed_out_carries_the_overrides(
    carrier: Profile, demo_plan: Plan
) -> None:
    """Without them only a failed connection is tried again, and after 15 s (twilio-voice §3)."""
    named: Counter[str] = Counter()
    for path in CALLS:
        mine = own(carrier, path)
        wire = Wire(carrier)
        story = (mine if mine.exists() else path).read_text(encoding="utf-8")
        perform(story, on_carrier(demo_plan, carrier), wire)
        for sent in wire.documents:
            for element in ET.fromstring(sent).iter():
                for name, value in element.attrib.items():
                    if "://" in value:
                        stem, mark, overrides = value.partition("#")
                        assert stem.startswith(f"{BASE}/voice/c0ffee/turn/"), value
                        assert mark + overrides == carrier.overrides, value
                        named[f"{element.tag}@{name}"] += 1

    expected = {"Gather@action", "Record@action", "Record@recordingStatusCallback", "Dial@action"}
    expected |= {"Number@url"} if carrier.whisper else set()
    expected |= {"Enqueue@action", "Enqueue@waitUrl"} if carrier.together else set()
    expected |= {"Record@transcribeCallback"} if carrier.transcribes else set()
    expected |= {"Transcription@statusCallbackUrl"} if carrier.live else set()
    assert set(named) == expected


@ON_EACH
@pytest.mark.parametrize("language", get_args(Language))
def test_a_call_that_we_place_is_borne_too(
    carrier: Profile, language: Language, demo_plan: Plan
) -> None:
    """Its offer, what it is for, and its end, as the carrier reads them."""
    slots = (("case", "4627 0395"), ("pin", "1825"), ("due", "17:30"))
    said = Announcement("+865580000021", language, "sms.case", slots)
    urls = Urls(f"{BASE}/voice/c0ffee/announce/1")
    for heard in (Heard(0, None, told=False), Heard(1, "1", told=False)):
        made = Twiml(carrier).render(document(demo_plan, said, heard), urls).decode()
        gather = read_twiml(made, dialect_of(carrier.name)).verbs[0]
        assert isinstance(gather, Gather)
        assert gather.action == urls.stem + carrier.overrides


@ON_EACH
def test_a_carriers_own_stories_are_needed(carrier: Profile) -> None:
    """Each is another one's, differs from it, and says why where the callers do."""
    for mine in sorted((FOLDER / carrier.name).glob("*")):
        text = mine.read_text(encoding="utf-8")
        common = (FOLDER / mine.name).read_text(encoding="utf-8")
        assert text != common, f"{mine} is like the one beside its folder: delete it"
        assert bool(WHY.search(text)) is (events(text) != events(common)), mine


def test_a_story_is_told_anew_without_what_a_carrier_cannot_bring(demo_plan: Plan) -> None:
    """`--update` makes what a person would write, but for the reason's words."""
    somleng = profile_of("somleng")
    common = (FOLDER / "matter_leader_zh.call").read_text(encoding="utf-8")
    by_hand = own(somleng, FOLDER / "matter_leader_zh.call").read_text(encoding="utf-8")

    made = retold(common, on_carrier(demo_plan, somleng), Wire(somleng))

    assert WHY.search(made)
    assert WHY.sub("", made).split() == WHY.sub("", by_hand).split()


def test_no_folder_is_nobodys() -> None:
    names = {path.name for path in FOLDER.iterdir() if path.is_dir()}

    assert names <= {carrier.name for carrier in CARRIERS} | {"play"}


def test_there_is_a_story_for_each_way_in_both_languages() -> None:
    ways = ("check", "matter", "complaint", "progress", "missed", "person")
    names = {path.stem for path in CALLS}

    missing = [
        f"{way}_{lang}"
        for way in ways
        for lang in ("zh", "en")
        if not any(name.startswith(way) and name.endswith(lang) for name in names)
    ]

    assert missing == []
