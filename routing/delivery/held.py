"""Which words a message of a case held, so that none follows it that brings nothing else. Used by
`telling` for mails and by `channels`; what went out is noted with the end of its job."""

from typing import Final

from routing.cases.words import Words
from routing.delivery.letter import is_open, mark_of
from routing.handoff import OURS_MENDS, NotYet, wait_after
from routing.ports import FirstTold, Job, OfficeCase

_DOUBLINGS: Final = 7
"""After which the wait has come to OURS_MENDS."""


def held(case: OfficeCase, to: str) -> frozenset[str]:
    """The marks of all words in a message of this case to `to`: an address, a channel's name."""
    if not is_open(case):
        return frozenset()
    return frozenset(
        _mark(to, sound.sid, words) for sound in case.recordings for words in sound.words
    )


def has_come(case: OfficeCase, of: str, to: str, first: FirstTold | None) -> bool:
    """Whether what told the case first brought the words `of` a recording and a source to `to`, as
    they are now. Where that is not sure they are told: rather twice than never."""
    marks = {
        _mark(to, sound.sid, words)
        for sound in case.recordings
        for words in sound.words
        if f"{sound.sid} {words.source}" == of
    }
    return first is not None and bool(marks) and marks <= first.held


def wait_for(first: FirstTold | None, job: Job) -> None:
    """Raises NotYet while that is still to go: it will hold the words, unless it was tried before
    they came."""
    if first is not None and first.waits:
        after = min(wait_after(min(job.attempts, _DOUBLINGS)), OURS_MENDS)
        raise NotYet("the case itself is told before its words", after=after, in_turn=True)


def _mark(to: str, recording: str, words: Words) -> str:
    """Of one text: words that were heard anew are others."""
    return mark_of(f"{to} {recording} {words.source} {words.text}")
