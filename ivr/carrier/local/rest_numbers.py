"""The REST side's numbers and account: listed, fetched, set (twilio-voice §7, Numbers).

Counterpart of ``rest.py``, which mounts them, and of ``numbers.py``, which keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiohttp import web

from ivr.carrier.local.numbers import Number, NumberBook
from ivr.carrier.local.rest_door import (
    Form,
    Handler,
    RestError,
    address,
    missing,
    paged,
    read_form,
)
from ivr.carrier.local.rest_shapes import account_shape, number_shape

_URLS: Mapping[str, str] = {
    "VoiceUrl": "voice",
    "VoiceFallbackUrl": "fallback",
    "StatusCallback": "status",
}
_METHODS: Mapping[str, str] = {
    "VoiceMethod": "voice_method",
    "VoiceFallbackMethod": "fallback_method",
    "StatusCallbackMethod": "status_method",
}


@dataclass(slots=True)
class RestNumbers:
    """Handlers of the account and its numbers."""

    account: str
    book: NumberBook

    def routes(self) -> Iterator[tuple[str, str, Handler]]:
        """Method, path below the account, handler."""
        sid = "{sid:[A-Za-z0-9]+}"
        yield "GET", "IncomingPhoneNumbers.json", self.list_numbers
        yield "GET", f"IncomingPhoneNumbers/{sid}.json", self.fetch_number
        yield "POST", f"IncomingPhoneNumbers/{sid}.json", self.update_number

    async def fetch_account(self, request: web.Request) -> web.Response:
        return web.json_response(account_shape(self.account))

    async def list_numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("PhoneNumber", "")
        rows = [
            number_shape(number, self.account)
            for number in self.book.all()
            if wanted in number.number
        ]
        return paged(request, "incoming_phone_numbers", rows)

    async def fetch_number(self, request: web.Request) -> web.Response:
        return web.json_response(number_shape(self._number(request), self.account))

    async def update_number(self, request: web.Request) -> web.Response:
        number, form = self._number(request), await read_form(request)
        self.book.change(number.number, _settings(form))
        return web.json_response(number_shape(self._number(request), self.account))

    def _number(self, request: web.Request) -> Number:
        found = self.book.find(request.match_info["sid"])
        if found is None:
            raise missing(request)
        return found


def _settings(form: Form) -> dict[str, str | None]:
    settings: dict[str, str | None] = {
        field: address(form, name, 21502) for name, field in _URLS.items() if name in form
    }
    if settings.get("voice", "") is None:
        raise RestError(400, 21402, "a number on this line needs a VoiceUrl")
    for name, field in _METHODS.items():
        if name in form:
            if form[name] not in {"GET", "POST"}:
                raise RestError(400, 21403, f"{name} is GET or POST")
            settings[field] = form[name]
    return settings
