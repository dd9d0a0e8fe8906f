"""The REST side of the embedded carrier: the part of Twilio's 2010-04-01 API we use.

Calls (create, list, fetch, update), Messages, Recordings with media and
transcriptions. Basic authentication on every path (twilio-voice §7).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import encode_basic_auth, web
from aiohttp.typedefs import Handler, Middleware

from ivr.carrier.local.desk import new_token
from ivr.carrier.local.errors import LineError
from ivr.carrier.local.exchange import Exchange
from ivr.carrier.local.history import History, TextMessage
from ivr.carrier.local.leg import Cut, Turned, new_sid
from ivr.carrier.local.recordings import Recording, Recordings
from ivr.carrier.local.rest_shapes import (
    Shape,
    account_path,
    call_shape,
    error_shape,
    later_than,
    message_shape,
    page_shape,
    recording_shape,
    transcription_shape,
)
from ivr.carrier.local.state import Direction, LegState, Request, Status
from ivr.carrier.local.twiml_reader import UnreadableTwiml, read_twiml
from ivr.carrier.local.webhooks import Parcel

Form = Mapping[str, str]
_MAX_TWIML = 4000  # 32018 beyond it (twilio-voice §7)
_MAX_SMS = 1600
REST_PATH = "/line"  # where the sub-application is mounted


class RestError(LineError):
    """A request that Twilio would refuse, with its status and code (twilio-voice §9)."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.shape = error_shape(status, code, text)
        self.status = status


def rest_app(
    exchange: Exchange, history: History, recordings: Recordings, auth_token: str
) -> web.Application:
    """The sub-application; its paths begin with ``/2010-04-01``."""
    rest = _Rest(exchange, history, recordings)
    account = exchange.desk.account
    app = web.Application(middlewares=[_guard(account, auth_token)])
    root = account_path(account)
    sid, call = "{sid:[A-Za-z0-9]+}", "{call:[A-Za-z0-9]+}"
    app.add_routes(
        [
            web.post(f"{root}/Calls.json", rest.create_call),
            web.get(f"{root}/Calls.json", rest.list_calls),
            web.get(f"{root}/Calls/{sid}.json", rest.fetch_call),
            web.post(f"{root}/Calls/{sid}.json", rest.update_call),
            web.get(f"{root}/Calls/{call}/Recordings.json", rest.list_recordings),
            web.post(f"{root}/Messages.json", rest.create_message),
            web.get(f"{root}/Messages.json", rest.list_messages),
            web.get(f"{root}/Messages/{sid}.json", rest.fetch_message),
            web.get(f"{root}/Recordings.json", rest.list_recordings),
            web.get(f"{root}/Recordings/{sid}.json", rest.fetch_recording),
            web.delete(f"{root}/Recordings/{sid}.json", rest.delete_recording),
            web.get(f"{root}/Recordings/{sid}/Transcriptions.json", rest.list_transcriptions),
            web.get(f"{root}/Recordings/{sid}", rest.media),
            web.get(f"{root}/Recordings/{sid}.wav", rest.media),
        ]
    )
    return app


def _guard(account: str, token: str) -> Middleware:
    """Basic authentication first, Twilio's error shape last."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not _authorised(request.headers.get("Authorization", ""), account, token):
                raise RestError(401, 20003, "Authenticate")
            return await handler(request)
        except RestError as error:
            return web.json_response(error.shape, status=error.status)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            shape = error_shape(404, 20404, f"The resource {request.path} was not found")
            return web.json_response(shape, status=404)

    return guard


def _authorised(header: str, account: str, token: str) -> bool:
    given = header.encode(errors="surrogateescape")  # bytes that are no UTF-8 are wrong, no fault
    return hmac.compare_digest(given, encode_basic_auth(account, token).encode())


@dataclass(slots=True)
class _Rest:
    exchange: Exchange
    history: History
    recordings: Recordings

    @property
    def account(self) -> str:
        return self.exchange.desk.account

    async def create_call(self, request: web.Request) -> web.Response:
        form = await _form(request)
        state = self._wanted_call(form)
        leg = self.exchange.place(state)
        return web.json_response(call_shape(leg.state, self.account), status=201)

    def _wanted_call(self, form: Form) -> LegState:
        if not form.get("To"):
            raise RestError(400, 21201, "No 'To' number is specified")
        if not form.get("From"):
            raise RestError(400, 21213, "No 'From' number is specified")
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
            fallback=form.get("FallbackUrl"),
            status_url=form.get("StatusCallback"),
            status_method=form.get("StatusCallbackMethod", "POST"),
            status_events=tuple(form.get("StatusCallbackEvent", "completed").split()),
            ring_seconds=_seconds(form.get("Timeout"), 60.0),
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
            if _matches(state, request.query, same) and within(state.started)
        ]
        return _page(request, "calls", rows)

    async def fetch_call(self, request: web.Request) -> web.Response:
        return web.json_response(call_shape(self._call(request), self.account))

    async def update_call(self, request: web.Request) -> web.Response:
        form = await _form(request)
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

    async def create_message(self, request: web.Request) -> web.Response:
        form = await _form(request)
        for name, code in (("To", 21604), ("From", 21603), ("Body", 21602)):
            if not form.get(name):
                raise RestError(400, code, f"'{name}' is required")
        if len(form["Body"]) > _MAX_SMS:
            raise RestError(400, 21617, f"the body is longer than {_MAX_SMS} characters")
        now = self.exchange.desk.instant()
        message = TextMessage(new_sid("SM"), form["From"], form["To"], form["Body"], now)
        self.history.add_message(message)
        self.exchange.switch.deliver(message)
        self._delivered(message, form.get("StatusCallback"))
        return web.json_response(message_shape(message, self.account), status=201)

    def _delivered(self, message: TextMessage, url: str | None) -> None:
        if url is None:
            return
        params = (
            ("AccountSid", self.account),
            ("ApiVersion", "2010-04-01"),
            ("From", message.from_),
            ("MessageSid", message.sid),
            ("MessageStatus", "delivered"),
            ("SmsSid", message.sid),
            ("SmsStatus", "delivered"),
            ("To", message.to),
        )
        self.exchange.desk.callbacks.send(Parcel(url, "POST", params, new_token()))

    async def list_messages(self, request: web.Request) -> web.Response:
        within = later_than(request.query, "DateSent")
        rows = [
            message_shape(message, self.account)
            for message in reversed(self.history.messages())
            if _matches(message, request.query, {"To": "to", "From": "from_"})
            and within(message.at)
        ]
        return _page(request, "messages", rows)

    async def fetch_message(self, request: web.Request) -> web.Response:
        message = self.history.message(request.match_info["sid"])
        if message is None:
            raise RestError(404, 20404, f"The resource {request.path} was not found")
        return web.json_response(message_shape(message, self.account))

    async def list_recordings(self, request: web.Request) -> web.Response:
        call = request.match_info.get("call", request.query.get("CallSid"))
        within = later_than(request.query, "DateCreated")
        rows = [
            recording_shape(recording, self.account)
            for recording in self.recordings.all()
            if call in {None, recording.call} and within(recording.created)
        ]
        return _page(request, "recordings", rows)

    async def fetch_recording(self, request: web.Request) -> web.Response:
        return web.json_response(recording_shape(self._recording(request), self.account))

    async def delete_recording(self, request: web.Request) -> web.Response:
        self.recordings.delete(self._recording(request).sid)
        return web.Response(status=204)

    async def list_transcriptions(self, request: web.Request) -> web.Response:
        recording = self._recording(request)
        rows = [transcription_shape(recording, self.account)] if recording.transcription else []
        return _page(request, "transcriptions", rows)

    async def media(self, request: web.Request) -> web.Response:
        """The WAV; 404 until completed (twilio-voice §7 Media)."""
        wav = self.recordings.media(self._recording(request).sid)
        if wav is None:
            raise RestError(404, 20404, f"The resource {request.path} was not found")
        return web.Response(body=wav, content_type="audio/x-wav")

    def _call(self, request: web.Request) -> LegState:
        sid = request.match_info["sid"]
        leg = self.exchange.switch.legs.get(sid)
        state = leg.state if leg is not None else self.history.call(sid)
        if state is None:
            raise RestError(404, 20404, f"The resource {request.path} was not found")
        return state

    def _recording(self, request: web.Request) -> Recording:
        recording = self.recordings.find(request.match_info["sid"])
        if recording is None:
            raise RestError(404, 20404, f"The resource {request.path} was not found")
        return recording


async def _form(request: web.Request) -> dict[str, str]:
    """Form fields; a repeated one (StatusCallbackEvent) is joined by spaces."""
    posted = await request.post()
    form: dict[str, str] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            form[name] = f"{form[name]} {value}" if name in form else value
    return form


def _first_document(form: Form) -> tuple[Request | None, str]:
    """Where a call begins: Url wins over Twiml (twilio-voice §7)."""
    url, twiml = form.get("Url"), form.get("Twiml")
    if url:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise RestError(400, 21205, f"Url is not a valid URL: {url}")
        method = form.get("Method", "POST")
        return Request(url, new_token(), method, fallback=form.get("FallbackUrl")), ""
    if not twiml:
        raise RestError(400, 21205, "Url parameter is required")
    if len(twiml) > _MAX_TWIML:
        raise RestError(400, 32018, f"Twiml is longer than {_MAX_TWIML} characters")
    try:
        read_twiml(twiml)
    except UnreadableTwiml as error:
        raise RestError(400, error.code, error.text) from error
    return None, twiml


def _matches(row: object, query: Mapping[str, str], names: Mapping[str, str]) -> bool:
    given = {field: query[name] for name, field in names.items() if name in query}
    return all(str(getattr(row, field)) == value for field, value in given.items())


def _page(request: web.Request, name: str, rows: list[Shape]) -> web.Response:
    path = request.path.removeprefix(REST_PATH)
    return web.json_response(page_shape(name, rows, dict(request.query), path))


def _seconds(text: str | None, default: float) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() else default
