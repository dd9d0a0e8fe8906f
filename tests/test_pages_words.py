"""Every page of the server in one language at a time: nothing that a Chinese reader meets is
English, and nothing that an English reader meets is Chinese, but names and what people typed."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

import pytest
from aiohttp import ClientSession, CookieJar

from routing.accounts.roles import Role
from tests.test_pages_browser import LINE, OFFICE, OPENED, OTHERS, Served, pages, served

__all__ = ["served"]
pytestmark = pytest.mark.timeout(300)
READ: Final = frozenset({"aria-label", "placeholder", "title", "alt"})
EMPTY: Final = frozenset({"input", "meta", "link", "img", "br", "hr", "source", "path", "rect"})
CODE: Final = frozenset({"script", "style", "code", "svg", "textarea"})
LETTERS: Final = {"zh": re.compile(r"[A-Za-z]{2,}"), "en": re.compile("[\u4e00-\u9fff]+")}
TAGS: Final = {"zh": "zh-CN", "en": "en"}
NAMES: Final = {
    "zh": (
        r"Zhitong|JavaScript|WAV|PCM|CSV|UTF|GB18030|YAML|ZIP|JSON Schema|TOML|MB|kB|kHz|PIN",
        r"CARRIER_URL",  # a setting, where the line has not been reached yet
        r"(admin|supervisor|official)-person",  # who is signed in here
        r"[a-z.]+(?= · 直通)|/zh-CN",  # ids in titles
        "Guohe|Yunling|Dongcheng|Beiling|Xihe",  # names whose reading is told
        r"Asia/Shanghai|[a-z0-9]+@\S+\.example|https?://\S+",
        r"\d{4}-\d\d-\d\dT[\d:+]+",  # when it was, to the second, for a machine
        r"\b[0-9a-f]{12,}\b|\brule-1\b|\bnight\b|\bann\b",  # ids
        r"Night|Duty officer",  # what was typed as the English name
        r"the Education Bureau",  # how an English name is written
        r"[‹{][a-z]+[›}]",  # what is filled in during a call
        r"English, press 9\.|Every line is taken.*",  # said in both languages to everybody
    ),
    "en": (
        r"[〔？〕]",
        OFFICE,
        "水务|夜班|值班员",  # what was typed
        r"(?<= · )\S+$",  # an office or topic by its Chinese name behind the English one
        "中文请按9。|线路已满.*",  # said in both languages to everybody
        "涡河",
        "供水服务台|负责人",  # posts of a ladder
    ),
}
"""What may stand on a page of the other language."""
AT: Final = {
    ("zh", "/admin/phrases"): "ids of phrases",
    ("zh", "/admin/phrases/edit"): "an id",
    ("zh", "/admin/scripts"): "ids of nodes and phrases",
    ("zh", "/admin/topics/edit"): "an id",
    ("zh", "/admin/readings/edit"): "a tag of a language",
}
"""Pages about things that have English ids, which are words of small letters."""
ID: Final = re.compile(r"[a-z_0-9.\-]+")


class Text(HTMLParser):
    """What is read or heard of a page, piece by piece. What is marked as of another language or as
    code is left out, and what stands in a field: somebody typed it."""

    def __init__(self, tongue: str) -> None:
        super().__init__()
        self.tongue, self.pieces = tongue, list[str]()
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        within = self.open[-1][1] if self.open else False
        left_out = within or tag in CODE or told.get("lang", self.tongue) != self.tongue
        if not left_out:
            self.pieces += [text for name, text in attrs if name in READ and text]
        if tag not in EMPTY:
            self.open.append((tag, left_out))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self.open and self.open[-1][1]):
            self.pieces.append(" ".join(data.split()))


def foreign(html: str, tongue: str, door: str = "") -> Iterator[str]:
    """Each piece of text that is not in this language, once."""
    page = Text(TAGS[tongue])
    page.feed(html)
    for piece in dict.fromkeys(page.pieces):
        if (tongue, door) in AT and ID.fullmatch(piece):
            continue
        if LETTERS[tongue].search(re.sub("|".join(NAMES[tongue]), "", piece)):
            yield piece


def test_a_word_of_the_other_language_is_seen() -> None:
    html = """<html lang="zh-CN"><p>规则 default <b lang="en">Rules</b><code>x-y</code>
    <input placeholder="Search" value="typed"> WAV文件</html>"""

    assert [*foreign(html, "zh")] == ["规则 default", "Search"]
    assert [*foreign('<p lang="en">Office: 市委</p>', "en")] == ["Office: 市委"]


async def edited(session: ClientSession, url: str) -> None:
    """A draft with something of most kinds."""
    rule = {"name": "水务", "dialled": LINE, "office": OFFICE, "how": "case_only", "topic": "water"}
    days = {"first": "2026-12-05", "what": "hours", "hours": "上午9:00-12:00"}
    roster = {"key": "night", "name": "夜班", "name_en": "Night", "office": OFFICE} | {
        "members": "ann | 值班员 | Duty officer | +8613800000021",
        "shifts": "ann | 周一至周五 18:00-24:00 | 2026年11月1日",
    }
    forms = {
        "/admin/rules/new": rule | {"weekly": "周一、三、五 8:30-12:00", "enabled": "1"},
        "/admin/rosters/edit": roster,
        f"/admin/quotas/edit?key=%2B{LINE[1:]}": {"live": "3", "hours": "2026-12-01 15:00-16:00"},
        "/admin/calendars/overrides": days,
    }
    for address, form in forms.items():
        async with session.post(f"{url}{address}", data={"do": "keep", **form}) as answer:
            assert answer.status == 200, address


@pytest.mark.asyncio(loop_scope="session")
async def test_every_page_is_in_one_language(served: Served) -> None:
    strange: list[str] = []
    sessions = {
        role: ClientSession(
            cookies=await served.people.cookie(role), cookie_jar=CookieJar(unsafe=True)
        )
        for role in (Role.ADMIN, Role.SUPERVISOR, Role.OFFICIAL)
    }
    try:
        await edited(sessions[Role.ADMIN], served.url)
        names = {"account": served.people.known[Role.ADMIN].id, "rule": "rule-1"}
        for door in pages(served.app):
            role = next((role for at, role in OTHERS.items() if door.startswith(at)), Role.ADMIN)
            place = OPENED.get(door, door).format_map(names)
            for tongue in LETTERS:
                query = f"{'&' if '?' in place else '?'}lang={tongue}"
                async with sessions[role].get(f"{served.url}{place}{query}") as answer:
                    if answer.content_type != "text/html":
                        continue
                    found = foreign(await answer.text(), tongue, door)
                strange += [f"{tongue} {place}: {piece}" for piece in found]
    finally:
        for session in sessions.values():
            await session.close()

    assert not strange, "\n".join(strange)
