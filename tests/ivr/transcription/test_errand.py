"""Words for a kept recording: the carrier's, or none; kept beside it with their source."""

from ivr.flow.instruction import Language
from ivr.ports.recordings import Transcript
from ivr.transcription.engines import Carrier, NoTranscriber
from ivr.transcription.errand import Transcribing
from routing.ports import Job

JOB = Job(1, "transcribe", {"recording": "RE1", "language": "en"}, 1)


class Kept:
    def __init__(self) -> None:
        self.words: list[tuple[str, Transcript]] = []

    async def __call__(self, sid: str, words: Transcript) -> None:
        self.words.append((sid, words))


async def heard(sid: str) -> str | None:
    return {"RE1": "the street light is broken"}.get(sid)


async def test_the_carriers_words_are_kept_as_its_own() -> None:
    kept = Kept()
    await Transcribing(Carrier(heard), kept)(JOB)

    assert kept.words == [("RE1", Transcript("the street light is broken", "carrier", "en"))]


async def test_a_recording_without_words_is_left_without() -> None:
    kept = Kept()
    await Transcribing(Carrier(heard), kept)(Job(2, "transcribe", {"recording": "RE2"}, 1))
    await Transcribing(NoTranscriber(), kept)(JOB)

    assert kept.words == []


async def test_the_language_of_the_call_reaches_the_engine() -> None:
    asked: list[Language] = []

    class Engine:
        name = "probe"

        async def transcribe(self, sid: str, language: Language) -> Transcript | None:
            asked.append(language)
            return None

    await Transcribing(Engine(), Kept())(JOB)

    assert asked == ["en"]
