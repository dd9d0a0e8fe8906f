"""The page on which a handler writes down what was really said in a recording. It is a page of its
own: the list of cases renews itself, and nothing that is being typed may go with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from routing.audit import Action, entry_by, subject
from routing.cases.corrections import MOST_BY, MOST_TEXT, Wrong, plain_line, plain_text, wrong_in
from routing.cases.reference import spaced
from routing.cases.words import Correction
from routing.numbers.forms import masked
from routing.ports import Audio, KeptRecording, OfficeCase
from routing.web.desk.desk import OfficeDesk, audio_url, in_list, no_case
from routing.web.entry import actor_of
from routing.web.layout import page, tongue_of
from routing.web.moments import written


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was sent, or as it is shown first; `wrong` by field."""

    text: str
    by: str = ""
    wrong: Mapping[str, Wrong] = field(default_factory=dict)


async def show(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """The empty form, with what is known to be said already in it."""
    found = await _found(request, desk)
    if found is None:
        return no_case(request)
    await desk.opened(request, found[0])
    return _form(request, desk, found, _known(found[1]))


async def take(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """Keep it and go back to the case; or the form again, with all that was typed and why."""
    found = await _found(request, desk)
    if found is None:
        return no_case(request)
    typed = await request.post()
    text, by = plain_text(str(typed.get("text", ""))), plain_line(str(typed.get("by", "")))
    wrong = wrong_in(text, by)
    case, recording = found
    if not wrong:
        now, about = desk.clock.now(), subject("case", case.reference)
        values = {"recording": recording.sid}
        entry = entry_by(actor_of(request), Action.CASE_CORRECTED, about, now, values)
        heard = Correction(text, by, now)
        refused = await desk.corrections.correct(case.reference, recording.sid, heard, entry)
        if refused is None:
            raise web.HTTPSeeOther(in_list(case))
        wrong = {"text": refused}
    return _form(request, desk, found, Typed(text, by, wrong), status=422)


async def _found(request: web.Request, desk: OfficeDesk) -> tuple[OfficeCase, KeptRecording] | None:
    case = await desk.case_of(request)
    sid = request.match_info["sid"]
    for recording in () if case is None else case.recordings:
        if case is not None and recording.sid == sid:
            return case, recording
    return None


def _known(recording: KeptRecording) -> Typed:
    """What the handler begins with: the newest correction, else a machine's words."""
    texts = [one.text for one in recording.corrections] + [one.flowing for one in recording.words]
    return Typed(texts[0][:MOST_TEXT] if texts else "")


def _form(
    request: web.Request,
    desk: OfficeDesk,
    found: tuple[OfficeCase, KeptRecording],
    typed: Typed,
    status: int = 200,
) -> web.Response:
    case, recording = found
    zone, tongue = desk.zone_of(case.office), tongue_of(request)
    context = {
        "case": case,
        "recording": recording,
        "kept": recording.audio is Audio.KEPT,
        "typed": typed,
        "most_text": MOST_TEXT,
        "most_by": MOST_BY,
        "back": in_list(case),
        "when": lambda at: written(at, zone, tongue),
        "masked": masked,
        "pair": spaced,
        "audio_url": audio_url,
    }
    return page(request, "desk/correction.html", context, status=status)
