"""Tells a group at a chat service (WeCom, DingTalk, Feishu and whatever else apprise knows) of a
case, in the words of its letter. Of the extra `notify`; the counterpart of `webhook`, for services
that know no signature and no key by which a repeat can be told: the case number stands in the text.
"""

import contextlib
import logging
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from routing.delivery.addresses import may_go
from routing.delivery.letter import Letter, letter
from routing.delivery.notice import Notice
from routing.handoff import NotYet, TryAgain

if TYPE_CHECKING:
    from apprise import Apprise

EXTRA: Final = "uv sync --extra notify"
SECONDS: Final = 20.0
"""For one message; apprise bounds each connection and each read by 4 of them."""
PACE: Final = 3.0
"""Seconds between two messages to one chat: WeCom's and DingTalk's robots take 20 a minute."""
MOST_BYTES: Final = 1_900
"""Of subject and text: WeCom's robot takes 2,048, and cuts nothing by itself."""
MOST_WORDS: Final = 200
"""Characters of what was said; the case has the rest."""
_HARMLESS: Final = str.maketrans("<>@", "＜＞＠")
"""Feishu reads `<at …>` in a text, others `@all`: nobody is called together by a caller's words."""
_UNREAD: Final = frozenset({"wecombot", "dingtalk"})
"""Their robots refuse with a status of 200 and an `errcode`, which apprise 2.3 does not read."""


def missing() -> str:
    """Which command adds what is missing, "" where nothing is."""
    return "" if find_spec("apprise") else f"apprise is not installed: {EXTRA}"


def fault_of(url: str) -> str:
    """What is wrong with an address of apprise; "" where nothing is. Says nothing of it."""
    if sentence := missing():
        return sentence
    service = _service(url)
    if service is None:
        return (
            "is no address of a service that apprise knows, or lacks a part: wecombot://KEY, "
            "dingtalk://SECRET@TOKEN, feishu://TOKEN"
        )
    if any(_in_clear(plugin, url) for plugin in service):
        return (
            "would tell a caller's words to everybody on the way: without TLS only to this "
            "machine, a private address or a name without a dot (jsons://, not json://)"
        )
    return ""


def _in_clear(plugin: Any, url: str) -> bool:
    """Whether it is a service's form without TLS, and leads out of one's own network."""
    known = plugin.protocol or ()
    schema, host = url.partition("://")[0].lower(), "."
    with contextlib.suppress(ValueError):  # half an IPv6 address is nobody's own
        host = urlsplit(url).hostname or ""
    own = not {".", ":"} & set(host) or may_go(host, clear=True, private=True)
    return schema in ((known,) if isinstance(known, str) else known) and not own


class NotifyPost:
    """Tells one service. The address must be one without a fault."""

    def __init__(self, url: str) -> None:
        self._apprise = _service(url)

    async def __call__(self, notice: Notice) -> None:
        """Returns once the service has taken it. Raises TryAgain, NotYet."""
        if self._apprise is None:
            raise NotYet("the channel's url is none that apprise knows: correct it, then restart")
        told = letter(
            notice.case,
            notice.office,
            notice.directory,
            notice.page,
            notice.news,
            of=notice.of,
            most=MOST_WORDS,
        )
        taken = await self._apprise.async_notify(
            title=harmless(told.subject), body=fitting(told), body_format="text"
        )
        if not taken:
            raise TryAgain("the chat service did not take the message, or gave no answer in time")


def harmless(text: str) -> str:
    """Without signs that a chat would take for its own."""
    return text.translate(_HARMLESS)


def fitting(told: Letter) -> str:
    """The letter's text as it fits beside its subject, cut between two signs."""
    body = harmless(told.text).strip()
    room = MOST_BYTES - len(harmless(told.subject).encode())
    if len(body.encode()) <= room:
        return body
    return body.encode()[: room - len("…".encode())].decode(errors="ignore") + "…"


def _service(url: str) -> "Apprise | None":
    """What tells it; None where it is none. Nothing is kept on the disk, no answer leads elsewhere,
    and nothing in a text is a template, an escape or a picture."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - half a second, and of the extra

    logging.getLogger("apprise").disabled = True  # it repeats keys and texts
    asset = AppriseAsset(
        app_id="Zhitong",
        app_desc="Zhitong",
        http_redirects=False,
        interpret_escapes=False,
        interpret_emojis=False,
        allow_templates=False,
        default_service_retry=0,
        service_timeout=SECONDS,
        storage_mode="memory",
    )
    plugin = Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return None
    plugin.request_rate_per_sec = 0  # the channel's lane has the pace: no thread sleeps
    schema = url.partition("://")[0].lower()
    if schema in _UNREAD:
        _read_answers(sys.modules[type(plugin).__module__])
    service = Apprise(asset=asset)
    service.add(plugin)
    return service


def _read_answers(module: Any) -> None:
    """Have a plugin see a refusal for what it is."""
    if not isinstance(module.requests, _Strict):
        module.requests = _Strict(module.requests)


class _Strict:
    """`requests` as those plugins use it, whose answers fail by their `errcode` too."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def post(self, *args: Any, **options: Any) -> Any:
        answer = self._requests.post(*args, **options)
        if answer.status_code == 200 and not _accepted(answer):
            answer.status_code = 422
        return answer


def _accepted(answer: Any) -> bool:
    """Whether it says `"errcode": 0`."""
    try:
        told = answer.json()
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("errcode") == 0
