"""The shell around the plan when all fails: it needs words in memory and a spool, and no database.
The counterpart of `turns`, whose answers it stands in for (design §3, Fallback)."""

import asyncio
from datetime import datetime
from typing import Final

import structlog

from ivr.conversation.spooled import Spool, Spooled
from ivr.conversation.stores import Plans
from ivr.flow.event import LineEvent, Recorded
from ivr.flow.fallback import Line, Place, Spoken, Step, keeps
from ivr.flow.instruction import Language
from ivr.flow.value import value
from ivr.ports.documents import Documents
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from routing.ports import Clock

LOG: Final = structlog.get_logger()
SPOOL_PATIENCE: Final = 0.75
"""Seconds that a caller waits for the spool: with the database's own before it, less than the
carrier waits until it asks again."""


@value
class Caller:
    """Whose call the plan answers: the carrier's id of it, and who rang which number. `language`
    where the call's is known, `matter` the call's own id and the turn that was recording."""

    origin: Origin
    line: Line
    language: Language | None = None
    matter: tuple[str, int] | None = None


class Outage:
    """Answers where nothing else can, and keeps what is said then."""

    def __init__(self, plans: Plans, spool: Spool, documents: Documents, clock: Clock) -> None:
        self._plans = plans
        self._spool = spool
        self._documents = documents
        self._clock = clock
        self.unkept: datetime | None = None
        """Since when recordings may be known to the carrier alone; None while all are kept."""

    async def answer(
        self, caller: Caller, event: LineEvent | None = None, ref: RecordingRef | None = None
    ) -> bytes:
        """In place of a call's first document, or of what would have followed `event`: a message
        is taken, or kept where that was one."""
        if event is not None and keeps(event):
            place = Place(self._language(caller), Step.TOLD)
            return await self._taken(caller, place, event, ref)
        await self._let_go(caller, event, ref)
        plan = self._plans.current.fallback
        opening = plan.opening(caller.line, caller.language, self._clock.now())
        return self._document(opening, _heard(caller, event))

    async def following(
        self, caller: Caller, place: Place, event: LineEvent, ref: RecordingRef | None
    ) -> bytes:
        """What follows within the plan's own call."""
        if keeps(event):
            return await self._taken(caller, place, event, ref)
        await self._let_go(caller, event, ref)
        plan = self._plans.current.fallback
        return self._document(plan.hear(place, caller.line, event, self._clock.now()))

    async def told(self, caller: Caller, ref: RecordingRef) -> bool:
        """The carrier's word of a recording, where the database could not take it; whether it is
        kept. What may be silence is left to the Record action, which knows."""
        return await self._keep(self._spooled(caller, self._language(caller), ref, heard=True))

    async def _taken(
        self, caller: Caller, place: Place, event: Recorded, ref: RecordingRef | None
    ) -> bytes:
        plan, language = self._plans.current.fallback, place.language
        kept = ref is not None and await self._keep(
            self._spooled(caller, language, ref, heard=True)
        )
        now = self._clock.now()
        answer = plan.kept(place, caller.line, event.end, now) if kept else plan.unsure(place)
        return self._document(answer, _heard(caller, event))

    async def _let_go(
        self, caller: Caller, event: LineEvent | None, ref: RecordingRef | None
    ) -> None:
        """An empty recording stays nowhere; if that cannot be noted it is a case without words."""
        if ref is not None and isinstance(event, Recorded):
            await self._keep(self._spooled(caller, self._language(caller), ref, heard=False))

    async def _keep(self, accepted: Spooled) -> bool:
        try:
            async with asyncio.timeout(SPOOL_PATIENCE):
                await self._spool.keep(accepted)
        except Exception:
            LOG.exception("spool.failed")
            self.unkept = self.unkept or accepted.at
            return False
        return True

    def _spooled(
        self, caller: Caller, language: Language, ref: RecordingRef, *, heard: bool
    ) -> Spooled:
        return Spooled(
            origin=caller.origin,
            line=caller.line,
            language=language,
            ref=ref,
            at=self._clock.now(),
            matter=caller.matter,
            heard=heard,
        )

    def _language(self, caller: Caller) -> Language:
        return self._plans.current.fallback.languages(caller.line, caller.language)[0]

    def _document(self, answer: Spoken, heard: int | None = None) -> bytes:
        return self._documents.fallback(answer.say, answer.then, heard)


def _heard(caller: Caller, event: LineEvent | None) -> int | None:
    """The call's turn whose recording has just ended: nobody listens to what follows."""
    return caller.matter[1] if caller.matter and isinstance(event, Recorded) else None
