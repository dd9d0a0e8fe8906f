"""Who is let in: a genuine webhook of our account, read as its fields, before anybody looks at what
it says. Used by every route under /voice."""

from typing import Final

from aiohttp import web

from ivr.carrier.form import Fields, FormError, read_form, read_json
from ivr.carrier.signature import SignatureCheck
from ivr.conversation.trace import WEBHOOK, Webhook

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
USUAL: Final = frozenset({FORM, f"{FORM}; charset=UTF-8", f"{FORM}; charset=utf-8"})
"""What carriers send; any other Content-Type is looked at more closely."""


class Entrance:
    """For one account. What is refused is refused with a sentence."""

    def __init__(self, check: SignatureCheck, account: str) -> None:
        self._check = check
        self._account = account

    async def form(self, request: web.Request) -> Fields:
        """The fields of a genuine webhook of our account; any other request ends here."""
        kind = _kind(request)
        body = await request.read()
        try:
            form = read_json(body) if kind == JSON else read_form(body)
        except FormError as wrong:
            raise web.HTTPBadRequest(text=f"{wrong}\n") from wrong
        if kind == JSON:  # of which the hash stands in the address, and that is signed
            genuine = self._check.body(request.raw_path, body, request.headers)
        else:
            genuine = self._check.form(request.raw_path, form, request.headers)
        if not genuine:
            raise web.HTTPForbidden(
                text="the signature does not match; check AUTH_TOKEN and PUBLIC_URL\n"
            )
        if form.get("AccountSid") != self._account:
            raise web.HTTPForbidden(text="this server answers for another account\n")
        told = request.match_info
        WEBHOOK.set(Webhook(told.get("call"), told.get("turn"), form.get("CallSid")))
        return form


def _kind(request: web.Request) -> str:
    """Form or JSON. Refuses, unread, what is neither, or not UTF-8 text: 64 kB of punycode take a
    second to decode."""
    sent = request.headers.get("Content-Type", "")
    if sent in USUAL:
        return FORM
    if (request.charset or "utf-8").lower() != "utf-8":
        raise web.HTTPBadRequest(text="the fields must be UTF-8 text\n")
    for kind in (FORM, JSON):
        if sent.startswith(kind):
            return kind
    raise web.HTTPUnsupportedMediaType(text=f"send the fields as {FORM} or {JSON}\n")
