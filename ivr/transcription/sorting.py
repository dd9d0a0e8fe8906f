"""What the outbox has done with the words of a case that has no topic: read for what it is about,
phrase by phrase. The counterpart of `errand`, which reads them for danger."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol, cast

from ivr.flow.instruction import Language
from ivr.flow.words import Vocabulary
from routing.cases.sorting import Mention, finding, heard
from routing.casework import Dispatching, Evidence, Unsorted
from routing.handoff import CASE_COMES, TryAgain
from routing.ports import Job, OfficeCase, Statement


class Cases(Protocol):
    """Cases with their words, and those that wait to be sorted."""

    async def statement(self, sid: str) -> Statement | None: ...

    async def case(self, reference: str) -> OfficeCase | None: ...


class SortingByWords:
    """Handler of `sort` jobs. `vocabulary` is that of a plan's number: the words of the same plan
    whose rules decide."""

    def __init__(
        self,
        cases: Cases,
        dispatching: Dispatching,
        vocabulary: Callable[[int], Awaitable[Vocabulary]],
    ) -> None:
        self._cases = cases
        self._dispatching = dispatching
        self._vocabulary = vocabulary

    async def __call__(self, job: Job) -> None:
        """Raises TryAgain while the recording has no case yet. Repeating is safe: a case is sorted
        once. All that was said in it counts, not this recording alone."""
        sid = str(job.payload["recording"])
        said = await self._cases.statement(sid)
        if said is None:
            return
        if said.reference is None:
            if job.tries < CASE_COMES:
                raise TryAgain("the recording has no case yet that could be sorted")
            return
        waiting = await self._dispatching.cases.unsorted(said.reference)
        case = await self._cases.case(said.reference)
        if waiting is not None and case is not None:
            await self._sort(waiting, case, Evidence(sid, str(job.payload["source"])))

    async def _sort(self, waiting: Unsorted, case: OfficeCase, evidence: Evidence) -> None:
        vocabulary = await self._vocabulary(waiting.plan)
        found = finding(_mentions(case, vocabulary), waiting.facts.about)
        await self._dispatching.by_words(waiting, found, evidence)


def _mentions(case: OfficeCase, vocabulary: Vocabulary) -> Iterator[Mention]:
    language = cast("Language", case.language)
    for recording in case.recordings:
        for part in heard(recording.words):
            topics = vocabulary.topics(part.text, language)
            yield Mention(part, topics, vocabulary.accuses(part.text, language))
