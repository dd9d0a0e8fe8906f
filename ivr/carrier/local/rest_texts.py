"""The REST side's text messages: sent, listed, fetched, deleted (twilio-voice §7).

Counterpart of ``rest.py``, which mounts them, and of ``history.py``, which keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from ivr.carrier.local.desk import new_token
from ivr.carrier.local.exchange import Exchange
from ivr.carrier.local.history import History, TextMessage
from ivr.carrier.local.leg import new_sid
from ivr.carrier.local.rest_door import (
    Handler,
    RestError,
    address,
    matches,
    missing,
    paged,
    read_form,
)
from ivr.carrier.local.rest_shapes import later_than, message_shape
from ivr.carrier.local.webhooks import Parcel

_MAX_SMS = 1600
_UNREACHED = re.compile(r"(3000[1-8])$")
"""A test phone: a number that ends in one of Twilio's codes gets no text, and its receipt has the
code."""


@dataclass(slots=True)
class RestTexts:
    """Handlers of the account's messages."""

    exchange: Exchange
    history: History

    @property
    def account(self) -> str:
        return self.exchange.desk.account

    def routes(self) -> Iterator[tuple[str, str, Handler]]:
        """Method, path below the account, handler."""
        yield "POST", "Messages.json", self.create_message
        yield "GET", "Messages.json", self.list_messages
        yield "GET", "Messages/{sid:[A-Za-z0-9]+}.json", self.fetch_message
        yield "DELETE", "Messages/{sid:[A-Za-z0-9]+}.json", self.delete_message

    async def create_message(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        for name, code in (("To", 21604), ("From", 21603), ("Body", 21602)):
            if not form.get(name):
                raise RestError(400, code, f"'{name}' is required")
        if len(form["Body"]) > _MAX_SMS:
            raise RestError(400, 21617, f"the body is longer than {_MAX_SMS} characters")
        callback = address(form, "StatusCallback", 21609)
        now = self.exchange.desk.instant()
        unreached = _UNREACHED.search(form["To"])
        error = None if unreached is None else int(unreached[1])
        message = TextMessage(new_sid("SM"), form["From"], form["To"], form["Body"], now, error)
        self.history.add_message(message)
        if error is None:
            self.exchange.switch.deliver(message)
        if callback is not None:
            for status in ("sent", "delivered" if error is None else "undelivered"):
                self._tell(message, status, callback)
        return web.json_response(message_shape(message, self.account), status=201)

    def _tell(self, message: TextMessage, status: str, url: str) -> None:
        """One callback; their order is not promised."""
        params = [
            ("AccountSid", self.account),
            ("ApiVersion", "2010-04-01"),
            ("From", message.from_),
            ("MessageSid", message.sid),
            ("MessageStatus", status),
            ("SmsSid", message.sid),
            ("SmsStatus", status),
            ("To", message.to),
        ]
        if status == "undelivered":
            params.append(("ErrorCode", str(message.error)))
        self.exchange.desk.callbacks.send(Parcel(url, "POST", tuple(sorted(params)), new_token()))

    async def list_messages(self, request: web.Request) -> web.Response:
        within = later_than(request.query, "DateSent")
        rows = [
            message_shape(message, self.account)
            for message in reversed(self.history.messages())
            if matches(message, request.query, {"To": "to", "From": "from_"}) and within(message.at)
        ]
        return paged(request, "messages", rows)

    async def fetch_message(self, request: web.Request) -> web.Response:
        message = self.history.message(request.match_info["sid"])
        if message is None:
            raise missing(request)
        return web.json_response(message_shape(message, self.account))

    async def delete_message(self, request: web.Request) -> web.Response:
        if not self.history.delete_message(request.match_info["sid"]):
            raise missing(request)
        return web.Response(status=204)
