"""An admin's recordings of sentences, as a plan keeps them: a JSON text, key -> which words were
recorded and the hash of the sound. One whose words were changed since is not played (ADR 41)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook
from ivr.library.sentences import language_of, numbered
from routing.findings import Finding, Level, Place
from routing.rules.faults import EntityError, EntityFault, Part, bodies
from routing.rules.wording import both

KIND: Final = "recording"
LONGEST: Final = 60.0
"""Seconds of a sentence."""
_KEY: Final = re.compile(r"(zh-CN|en)/([a-z0-9_.]+)\.([1-9][0-9]?)")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording: of the sentence `text`, which stands at its place of a phrase in the words of
    a language (`zh-CN/menu.main.1`, as `server.py voices` names it)."""

    key: str
    text: str
    sha256: str
    seconds: float

    @property
    def phrase(self) -> str:
        """Whose sentence it is."""
        return self.key.partition("/")[2].rpartition(".")[0]


def read_recordings(text: str) -> dict[str, Recorded]:
    """Those of a plan by key; none for "". Raises EntityError with all faults."""
    faults: list[EntityFault] = []
    found = {key: _recorded(key, body, faults) for key, body in bodies(KIND, text).items()}
    if faults:
        raise EntityError(tuple(faults))
    return found


def _recorded(key: str, body: Mapping[str, Any], faults: list[EntityFault]) -> Recorded:
    part = Part(faults, KIND, key, body)
    part.only("text", "sha256", "length")
    if not _KEY.fullmatch(key):
        zh, en = "代号应写成zh-CN/menu.main.1这样。", "an id looks like zh-CN/menu.main.1"
        part.wrong("", "key", zh, en)
    sha256, seconds = part.text("sha256"), body.get("length")
    if sha256 and not _SHA256.fullmatch(sha256):
        part.wrong("sha256", "shape", "应是64位十六进制数。", "must be 64 hexadecimal digits")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        part.wrong("length", "number", "应写明秒数。", "say how many seconds it takes")
        seconds = 0.0
    return Recorded(key, part.text("text"), sha256, float(seconds))


def body_of(recorded: Recorded) -> dict[str, Any]:
    """As a draft has it."""
    return {"text": recorded.text, "sha256": recorded.sha256, "length": recorded.seconds}


def meant(
    recordings: Mapping[str, Recorded], phrases: Phrasebook, days: int
) -> dict[tuple[Language, str], str]:
    """The hash of the sound of each sentence whose words are still those that were recorded."""
    said = _said(phrases, days)
    return {
        (language_of(one.text), one.text): one.sha256
        for key, one in recordings.items()
        if said.get(key) == one.text
    }


def recordings_to_renew(
    recordings: Mapping[str, Recorded], phrases: Phrasebook, days: int
) -> Iterator[Finding]:
    """Those that are not played, since what they say is not what is to be said."""
    said = _said(phrases, days)
    for key, one in recordings.items():
        now = said.get(key)
        if now == one.text:
            continue
        place = Place("phrase", one.phrase, key.partition("/")[0])
        if now is None:
            zh = f"录音“{one.text}”对应的句子已经没有了或每次不同，不再播放，请删除。"
            en = f"the recording of “{one.text}” is of no fixed sentence any more: take it out"
        else:
            zh = f"话术改成了“{now}”，录音念的还是“{one.text}”，不再播放，请重新录音。"
            en = f"the words are “{now}” now, and the recording says “{one.text}”: record it anew"
        yield Finding("recording_old", Level.WARNING, both(zh, en), place)


def _said(phrases: Phrasebook, days: int) -> dict[str, str]:
    return {
        f"{each.folder}/{each.name}": each.text for each in numbered(phrases, days) if each.fixed
    }


def not_kept(recordings: Mapping[str, Recorded], known: frozenset[str]) -> Iterator[Finding]:
    """Those whose sound is not here, as after an import from another server."""
    for key, one in recordings.items():
        if one.sha256 not in known:
            place = Place("phrase", one.phrase, key.partition("/")[0])
            zh = f"“{one.text}”的录音文件不在本系统，由合成语音朗读，请重新上传。"
            en = f"the sound of “{one.text}” is not kept here, so a voice reads it: upload it again"
            yield Finding("recording_lost", Level.WARNING, both(zh, en), place)
