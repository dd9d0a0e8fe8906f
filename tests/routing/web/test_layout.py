"""The layout's headers, languages, words and static files."""

import hashlib
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import ivr.web
import routing.web
from deployment.people import BEHIND_SIGN_IN
from ivr.web.phone import PHONE_PAGES
from routing.web.assets import Assets
from routing.web.layout import HOUSE, LAYOUT, add_layout, page
from routing.web.ledger.page import LEDGER_PAGES
from routing.web.undelivered.page import UNDELIVERED_PAGES
from routing.web.wording import Tongue, Wording, WordingError, read_wording

Client = TestClient[web.Request, web.Application]
CHAPTERS = (HOUSE, LEDGER_PAGES, UNDELIVERED_PAGES, PHONE_PAGES, *BEHIND_SIGN_IN)
WEB = [Path(str(module.__file__)).parent for module in (routing.web, ivr.web)]
_T = re.compile(r"""\b(?:t|two|beside)\("([a-z-]+\.[\w-]+)["']?""")
_LIVE = re.compile(r"""(?:words|note|say)\("(\w[\w-]*)\"""")


@pytest.fixture
async def client() -> Client:
    async def show(request: web.Request) -> web.StreamResponse:
        return page(request, "house/layout.html", {})

    app = web.Application()
    add_layout(app, (), ())
    app.router.add_get("/", show)
    return TestClient(TestServer(app))


async def test_a_first_visit_is_in_the_browsers_language_until_one_is_chosen(
    client: Client,
) -> None:
    async with client:
        program = await client.get("/")
        english = await client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
        chinese = await client.get("/", headers={"Accept-Language": "de,zh-TW;q=0.5"})
        odd = await (await client.get("/?lang=<b>")).text()
        chosen = await client.get("/?lang=zh", headers={"Accept-Language": "en"})
        kept = await (await client.get("/", headers={"Accept-Language": "en"})).text()

        assert '<html lang="zh-CN">' in await program.text()
        assert '<html lang="en">' in await english.text()
        assert '<html lang="zh-CN">' in await chinese.text()
        assert '<html lang="zh-CN">' in odd
        assert "<b>&" not in odd
        assert '<html lang="zh-CN">' in await chosen.text()
        assert '<html lang="zh-CN">' in kept
    assert not any(one.cookies for one in (program, english, chinese))
    assert chosen.cookies["zhitong_lang"].value == "zh"
    assert english.headers["Vary"] == "Accept-Language, Cookie"
    assert english.headers["Cache-Control"] == "no-store"


async def test_static_files_change_their_address_with_their_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    first = Assets({"x": tmp_path}).url("x/a.css")
    (tmp_path / "a.css").write_text("b{}")

    assert Assets({"x": tmp_path}).url("x/a.css") != first


async def test_static_files_are_kept_a_year_and_nothing_else_is_served(client: Client) -> None:
    async with client:
        assert client.server is not None
        app = client.app
        assert app is not None
        address = app[LAYOUT].assets.url("house/house.css")
        tree = address.split("/")[2]
        found = await client.get(address)
        missing = [
            await client.get(path)
            for path in (
                f"/static/{tree}/house/vendor/README.md",
                f"/static/{tree}/house/../layout.py",
                f"/static/{tree}/house/%2e%2e/layout.py",
                f"/static/{'0' * 16}/house/house.css",
            )
        ]

    assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert found.content_type == "text/css"
    assert [answer.status for answer in missing] == [404] * 4


def test_vendored_files_are_what_their_list_says() -> None:
    folder = HOUSE.folder / "static" / "vendor"
    rows = re.findall(
        r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(), re.MULTILINE
    )

    assert {name for name, _ in rows} == {p.name for p in folder.iterdir()} - {"README.md"}
    for name, digest in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_every_word_a_page_uses_is_there_and_no_other_is() -> None:
    wording = read_wording(chapter.folder / "words.toml" for chapter in CHAPTERS)
    pages = "".join(p.read_text("utf-8") for root in WEB for p in root.rglob("*.html"))
    links = "".join(p.read_text("utf-8") for root in WEB for p in root.rglob("*.py"))
    scripts = "".join(p.read_text("utf-8") for root in WEB for p in root.rglob("*.js"))
    used = set(_T.findall(pages)) | set(re.findall(r'Link\("[^"]+", "([\w.-]+)"', links))
    live = {f"phone-live.{word}" for word in _LIVE.findall(scripts)}

    stems = {word for word in used if word.endswith("_")}  # the rest is a value's name
    parts = set(re.findall(r'f"([\w-]+)\.\{', links))  # f"part.{value}" in a view
    begun = set(re.findall(r'f"([a-z]+_)\{', links))
    wholly = set(re.findall(r't\("([a-z]+_)" ~', pages))  # t("part_" ~ name ~ "." ~ value)
    assert {stem for stem in stems if not any(w.startswith(stem) for w in wording.ids())} == set()

    assert used - stems - wording.ids() == set()
    assert live - wording.ids() == set()
    assert used >= {"phone.title", "office.heading"}
    for word in wording.ids():
        name = word.split(".", 1)[1]
        told = name in pages + links + scripts or word.startswith(tuple(stems))
        chosen = (
            word.split(".")[0] in ENUMS | parts
            or name.startswith(tuple(begun))
            or word.startswith(tuple(wholly))
        )
        assert told or chosen, word


ENUMS = {
    "phr_lacks",
    "phr_language",
    "rec_fault",
    "scr_composed",
    "scr_edge",
    "scr_kind",
    "scr_way",
    "scr_when",
    "calls",
    "way",
    "reg_new",
    "reg_kind",
    "reg_hint",
    "chain",
    "detail",
    "about_what",
    "yes_no",
    "action",
    "role",
    "may",
    "flaw",
    "weak",
    "state",
    "gap",
    "todo",
    "why",
    "work",
    "do",
    "fate",
    "meaning",
    "correction_wrong",
    "doubt",
    "moved",
    "return_reason",
    "return_refused",
    "topic_group",
    "kind",
    "about",
    "language",
    "post",
} | {"phone-live"}
"""Parts whose words are chosen by a value."""


def test_both_languages_have_the_same_slots() -> None:
    wording = read_wording(chapter.folder / "words.toml" for chapter in CHAPTERS)
    parts = {word.split(".", 1)[0] for word in wording.ids()}
    for part in parts:
        chinese, english = (wording.part(part, tongue) for tongue in Tongue)
        for name, text in chinese.items():
            slots = sorted(re.findall(r"{\w+}", text))
            assert slots == sorted(re.findall(r"{\w+}", english[name])), (part, name)


def test_words_that_lack_a_language_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    for entry in ('{ zh = "好" }', '{ zh = "好", en = " " }', '{ zh = "好", en = "b", fr = "c" }'):
        path.write_text(f"[a]\nb = {entry}\n", "utf-8")
        with pytest.raises(WordingError, match=r"a\.b needs words"):
            read_wording([path])


def test_unknown_words_are_named() -> None:
    with pytest.raises(WordingError, match=r"a\.b"):
        Wording({}).say("a.b", Tongue.ZH)


def test_nothing_comes_from_another_host_or_from_inline_code() -> None:
    for root in WEB:
        for path in (*root.rglob("*.html"), *root.rglob("*.css"), *root.rglob("*.js")):
            if "vendor" in path.parts:
                continue
            text = path.read_text("utf-8")
            assert not re.search(r"https?://|//\w+\.\w+/|url\(\s*['\"]?//", text), path.name
            assert not re.search(r"<style|<script(?![^>]*src=)| on\w+=\"| style=\"", text), (
                path.name
            )
