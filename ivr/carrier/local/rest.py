"""The REST side of the embedded carrier: the part of Twilio's 2010-04-01 API we use.

Calls (create, list, fetch, update), Messages, Recordings with media and
transcriptions, the account and its numbers. Basic authentication on every path (twilio-voice §7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from ivr.carrier.local.desk import new_token
from ivr.carrier.local.exchange import Exchange
from ivr.carrier.local.history import History
from ivr.carrier.local.leg import Cut, Turned, new_sid
from ivr.carrier.local.recordings import Recording, Recordings
from ivr.carrier.local.rest_door import (
    Form,
    Handler,
    RestError,
    address,
    guarded,
    matches,
    missing,
    paged,
    read_form,
)
from ivr.carrier.local.rest_numbers import RestNumbers
from ivr.carrier.local.rest_shapes import (
    account_path,
    call_shape,
    later_than,
    recording_shape,
    transcription_shape,
    whole,
)
from ivr.carrier.local.rest_texts import RestTexts
from ivr.carrier.local.state import Direction, LegState, Request, Status
from ivr.carrier.local.twiml_reader import UnreadableTwiml, read_twiml

_DIALABLE = re.compile(r"\+?[0-9]{2,20}")
_MAX_TWIML = 4000  # 32018 beyond it (twilio-voice §7)
REST_PATH = "/line"  # where the sub-application is mounted


def rest_app(
    exchange: Exchange, history: History, recordings: Recordings, auth_token: str
) -> web.Application:
    """The sub-application; its paths begin with ``/2010-04-01``."""
    account = exchange.desk.account
    app = web.Application()
    root = account_path(account)
    numbers = RestNumbers(account, exchange.numbers)
    rows = (
        *_Rest(exchange, history, recordings).routes(),
        *RestTexts(exchange, history).routes(),
        *numbers.routes(),
    )
    app.router.add_get(f"{root}.json", guarded(numbers.fetch_account, account, auth_token))
    for method, path, handler in rows:
        app.router.add_route(method, f"{root}/{path}", guarded(handler, account, auth_token))
    return app


@dataclass(slots=True)
class _Rest:
    exchange: Exchange
    history: History
    recordings: Recordings

    @property
    def account(self) -> str:
        return self.exchange.desk.account

    def routes(self) -> Iterator[tuple[str, str, Handler]]:
        """Method, path below the account, handler."""
        sid = "{sid:[A-Za-z0-9-]+}"
        yield "POST", "Calls.json", self.create_call
        yield "GET", "Calls.json", self.list_calls
        yield "GET", f"Calls/{sid}.json", self.fetch_call
        yield "POST", f"Calls/{sid}.json", self.update_call
        yield "DELETE", f"Queues/{sid}.json", self.delete_queue
        yield "GET", "Calls/{call:[A-Za-z0-9-]+}/Recordings.json", self.list_recordings
        yield "GET", "Recordings.json", self.list_recordings
        yield "GET", f"Recordings/{sid}.json", self.fetch_recording
        yield "DELETE", f"Recordings/{sid}.json", self.delete_recording
        yield "GET", f"Recordings/{sid}/Transcriptions.json", self.list_transcriptions
        yield "GET", f"Recordings/{sid}", self.media
        yield "GET", f"Recordings/{sid}.wav", self.media

    async def create_call(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        state = self._wanted_call(form)
        leg = self.exchange.place(state)
        return web.json_response(call_shape(leg.state, self.account), status=201)

    def _wanted_call(self, form: Form) -> LegState:
        if not form.get("To"):
            raise RestError(400, 21201, "No 'To' number is specified")
        if not form.get("From"):
            raise RestError(400, 21213, "No 'From' number is specified")
        if not _DIALABLE.fullmatch(form["To"]):
            raise RestError(400, 21211, "The 'To' number is not a valid phone number.")
        pending, body = _first_document(form)
        detect = form.get("MachineDetection") in {"Enable", "DetectMessageEnd"}
        return LegState(
            sid=new_sid("CA"),
            direction=Direction.OUTBOUND_API,
            from_=form["From"],
            to=form["To"],
            started=self.exchange.desk.instant(),
            pending=pending,
            body=body,
            fallback=address(form, "FallbackUrl", 21205),
            status_url=address(form, "StatusCallback", 21609),
            status_method=form.get("StatusCallbackMethod", "POST"),
            status_events=tuple(form.get("StatusCallbackEvent", "completed").split()),
            ring_seconds=float(min(whole(form.get("Timeout"), 60), 600)),
            # A phone on this line is always held by a person.
            answered_by="human" if detect else None,
        )

    async def list_calls(self, request: web.Request) -> web.Response:
        live = [leg.state for leg in self.exchange.switch.legs.values()]
        within = later_than(request.query, "StartTime")
        same = {"To": "to", "From": "from_", "Status": "status", "ParentCallSid": "parent"}
        rows = [
            call_shape(state, self.account)
            for state in [*reversed(live), *self.history.calls()]
            if matches(state, request.query, same) and within(state.started)
        ]
        return paged(request, "calls", rows)

    async def fetch_call(self, request: web.Request) -> web.Response:
        return web.json_response(call_shape(self._call(request), self.account))

    async def update_call(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        state = self._call(request)
        leg = self.exchange.switch.legs.get(state.sid)
        if leg is None or state.status.over:
            raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
        status = form.get("Status")
        if status in {"completed", "canceled"}:
            if status == "canceled" and state.status is Status.IN_PROGRESS:
                raise RestError(400, 21220, "Only a queued or ringing call can be canceled")
            leg.push(Cut())
        elif status is not None:
            raise RestError(400, 21218, "Status is completed or canceled")
        else:
            self._turn(state, form)
        return web.json_response(call_shape(leg.state, self.account))

    def _turn(self, state: LegState, form: Form) -> None:
        """Send a live call to another document (twilio-voice §7)."""
        leg = self.exchange.switch.legs[state.sid]
        if state.status is not Status.IN_PROGRESS:
            raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
        pending, body = _first_document(form)
        leg.push(Turned(pending, body))

    async def list_recordings(self, request: web.Request) -> web.Response:
        call = request.match_info.get("call", request.query.get("CallSid"))
        within = later_than(request.query, "DateCreated")
        rows = [
            recording_shape(recording, self.account)
            for recording in self.recordings.all()
            if call in {None, recording.call} and within(recording.created)
        ]
        return paged(request, "recordings", rows)

    async def fetch_recording(self, request: web.Request) -> web.Response:
        return web.json_response(recording_shape(self._recording(request), self.account))

    async def delete_recording(self, request: web.Request) -> web.Response:
        self.recordings.delete(self._recording(request).sid)
        return web.Response(status=204)

    async def list_transcriptions(self, request: web.Request) -> web.Response:
        recording = self._recording(request)
        rows = [transcription_shape(recording, self.account)] if recording.transcription else []
        return paged(request, "transcriptions", rows)

    async def media(self, request: web.Request) -> web.Response:
        """The WAV; 404 until completed (twilio-voice §7 Media)."""
        wav = self.recordings.media(self._recording(request).sid)
        if wav is None:
            raise missing(request)
        return web.Response(body=wav, content_type="audio/x-wav")

    async def delete_queue(self, request: web.Request) -> web.Response:
        """Only an empty one."""
        deleted = self.exchange.desk.queues.delete(request.match_info["sid"])
        if deleted is None:
            raise missing(request)
        if not deleted:
            raise RestError(400, 400, "a queue in which somebody waits is not deleted")
        return web.Response(status=204)

    def _call(self, request: web.Request) -> LegState:
        sid = request.match_info["sid"]
        leg = self.exchange.switch.legs.get(sid)
        state = leg.state if leg is not None else self.history.call(sid)
        if state is None:
            raise missing(request)
        return state

    def _recording(self, request: web.Request) -> Recording:
        recording = self.recordings.find(request.match_info["sid"])
        if recording is None:
            raise missing(request)
        return recording


def _first_document(form: Form) -> tuple[Request | None, str]:
    """Where a call begins: Url wins over Twiml (twilio-voice §7)."""
    url, twiml = address(form, "Url", 21205), form.get("Twiml")
    if url:
        fallback = address(form, "FallbackUrl", 21205)
        return Request(url, new_token(), form.get("Method", "POST"), fallback=fallback), ""
    if not twiml:
        raise RestError(400, 21205, "Url parameter is required")
    if len(twiml) > _MAX_TWIML:
        raise RestError(400, 32018, f"Twiml is longer than {_MAX_TWIML} characters")
    try:
        read_twiml(twiml)
    except UnreadableTwiml as error:
        raise RestError(400, error.code, error.text) from error
    return None, twiml
