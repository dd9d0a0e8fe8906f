"""The webhook that tells how a text went. Its address says nothing: which text it is, the signed
fields say. The counterpart of `client.Messages`, which names it to the carrier."""

from aiohttp import web

from ivr.carrier.fallback import TEXT_STATUS_PATH
from ivr.carrier.form import Fields
from ivr.carrier.inbound import read_receipt
from ivr.carrier.routes import VoiceRoutes
from ivr.ports.texts import Receipts
from routing.ports import Clock


class ReceiptRoutes:
    """A handler beside `voice`, whose check of signature and account it shares."""

    def __init__(self, voice: VoiceRoutes, receipts: Receipts, clock: Clock) -> None:
        self._voice = voice
        self._receipts = receipts
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """What to mount; the address is told to the carrier with each text."""
        return [web.post(TEXT_STATUS_PATH, self.status)]

    async def status(self, request: web.Request) -> web.Response:
        """How far a text has come."""
        return await self._voice.take(request, self._status)

    async def _status(self, _: web.Request, form: Fields) -> None:
        receipt = read_receipt(form)
        if receipt is not None:
            await self._receipts.told(receipt, self._clock.now())
