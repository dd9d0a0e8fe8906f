"""docs/webhook.md verifies what we send, as it stands there: a genuine request, one under either
secret while one replaces the other, and none that was altered, repeated later or forged."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from ivr.flow.world import Plan
from routing.delivery.letter import News
from routing.delivery.notice import Notice, as_json
from routing.delivery.webhook import signature
from tests.routing.delivery.office import CASE

DOCS: Final = Path(__file__).parents[3] / "docs/webhook.md"
SECRET: Final = "a secret of at least thirty-two signs"
OLD: Final = SECRET[::-1]
BODY: Final = '{"id":"case-46270395","words":"停水"}'.encode()
AT: Final = 1_764_000_000
IsGenuine = Callable[[dict[str, str], bytes, list[str], float], bool]


@pytest.fixture(scope="module")
def is_genuine() -> IsGenuine:
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    space: dict[str, Any] = {}
    exec(compile(example, str(DOCS), "exec"), space)  # noqa: S102 - our own page
    found: IsGenuine = space["is_genuine"]
    return found


def headers(*secrets: str, body: bytes = BODY, at: int = AT) -> dict[str, str]:
    told = str(at)
    return {"Zhitong-Timestamp": told, "Zhitong-Signature": signature(secrets, told, body)}


def test_what_we_send_is_genuine(is_genuine: IsGenuine) -> None:
    assert is_genuine(headers(SECRET), BODY, [SECRET], AT + 5)


@pytest.mark.parametrize("known", [[SECRET], [OLD], [SECRET, OLD]])
def test_while_a_secret_is_replaced_either_will_do(is_genuine: IsGenuine, known: list[str]) -> None:
    assert is_genuine(headers(SECRET, OLD), BODY, known, AT)


@pytest.mark.parametrize("late", [-301, 301, 86_400])
def test_what_was_overheard_is_of_no_use_later(is_genuine: IsGenuine, late: int) -> None:
    assert not is_genuine(headers(SECRET), BODY, [SECRET], AT + late)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"Zhitong-Timestamp": str(AT)},
        {**headers(SECRET), "Zhitong-Timestamp": str(AT + 1)},
        {**headers(SECRET), "Zhitong-Timestamp": "²"},
        {**headers(SECRET), "Zhitong-Timestamp": "9" * 500},
        {**headers(SECRET), "Zhitong-Signature": "v1="},
        {**headers(SECRET), "Zhitong-Signature": "v1=ключ"},
        headers(OLD),
        headers(SECRET, body=BODY + b" "),
    ],
)
def test_what_is_not_ours_or_was_altered_is_none(
    is_genuine: IsGenuine, told: dict[str, str]
) -> None:
    assert not is_genuine(told, BODY, [SECRET], AT)


def test_the_page_names_every_field_and_every_news(demo_plan: Plan) -> None:
    page = DOCS.read_text("utf-8")
    office = demo_plan.directory.offices[CASE.office]
    body = as_json(Notice(CASE, office, demo_plan.directory, None, News.CASE))

    for name in (*json.loads(body), *(set(News) - {News.COPY})):  # copies go by mail alone
        assert f"`{name}`" in page
