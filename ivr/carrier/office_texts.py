"""Texts to the phones of offices: case number, kind and date, and nothing of the matter. The
counterpart of `errands.Texts`, whose texts go to callers."""

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import Final

from ivr.carrier.client import Messages
from ivr.carrier.errands import EVER, outcome, request_key
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook, written_due
from routing.cases.reference import spaced
from routing.delivery.letter import News, is_open
from routing.handoff import Refused
from routing.ledger import LOOK
from routing.ports import Job, OfficeCase

BOTH: Final[tuple[Language, Language]] = ("zh-CN", "en")


def office_text(case: OfficeCase, news: News, phrases: Phrasebook, zone: tzinfo) -> str:
    """What a phone is told, a line in each language. The same for the same case, whenever it is
    asked: one in doubt is looked up by its words."""
    return "\n".join(_line(case, news, phrases, zone, language) for language in BOTH)


def _line(
    case: OfficeCase, news: News, phrases: Phrasebook, zone: tzinfo, language: Language
) -> str:
    def fill(slot: str) -> str:
        match slot:
            case "case":
                return spaced(case.reference)
            case "kind":
                return phrases.say(f"kind.{case.kind or 'none'}", language, str)
            case "due" if case.due is not None:
                return written_due(case.due, case.opened_at, zone, language)
        raise LookupError(slot)

    return phrases.say(_phrase(case, news), language, fill)


def _phrase(case: OfficeCase, news: News) -> str:
    if news is News.ESCALATED:
        return "sms.office.escalated"
    if news is News.DANGER or case.danger:
        return "sms.office.danger"
    return "sms.office" if is_open(case) and case.due is not None else "sms.office.plain"


class OfficeTexts:
    """Sends a text of a case from the number that was dialled: the handler of `text_office` jobs,
    which are careful. Its words were written when the work was taken on; they are written anew
    (`text`) only where its caller does not want to be known since. `taken` hears of each text that
    the carrier took."""

    def __init__(
        self,
        messages: Messages,
        case: Callable[[str], Awaitable[OfficeCase | None]],
        text: Callable[[OfficeCase, News], str],
        taken: Callable[[Job, str], Awaitable[None]],
    ) -> None:
        self._messages = messages
        self._case = case
        self._text = text
        self._taken = taken

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain. A text that may have gone out is looked up, by the words of
        then and of now, before it is sent again."""
        case = await self._case(str(job.payload["reference"]))
        if case is None:
            raise Refused("the case to tell of is not kept; look at the journal")
        before = str(job.payload["text"])
        hidden = job.payload["open"] is True and not is_open(case)
        now = self._text(case, News(str(job.payload["news"]))) if hidden else before
        await self._taken(job, await self._send_once(job, now, before))

    async def _send_once(self, job: Job, now: str, before: str) -> str:
        to, sender = str(job.payload["to"]), str(job.payload["from"])
        with outcome():
            if job.attempts > 1:
                for body in dict.fromkeys((now, before)):
                    sent = await self._messages.find(to, sender, body, EVER)
                    if sent is not None:
                        return sent
            if job.payload.get(LOOK):
                raise Refused("the carrier's list has no such text: a person may send it again")
            return await self._messages.send(to, sender, now, request_key(job))
