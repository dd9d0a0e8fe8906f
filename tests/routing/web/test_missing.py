"""An address where nothing is has a page for people and plain text for programs, and tells nobody
whether there is something behind it."""

from pathlib import Path

from aiohttp import web

from routing.accounts.roles import Role
from routing.web.entry import signed_in
from tests.people import Client, served

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@signed_in(Role.ADMIN)
async def hidden(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound


async def shown(client: Client, url: str, **cookies: str) -> tuple[int, str, bytes]:
    async with client.get(url, headers=BROWSER, cookies=cookies) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.read()


async def test_people_get_a_page_in_their_language_and_programs_plain_text(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, _):
        status, kind, raw = await shown(client, "/nowhere/<b>")
        english = (await shown(client, "/nowhere?lang=en"))[2].decode()
        assert (status, kind) == (404, "text/html; charset=utf-8")
        assert '<html lang="zh-CN">' in raw.decode()
        assert "没有这个页面" in raw.decode()
        assert "<b>没有" not in raw.decode()
        assert "There is no such page" in english
        wants_english = {**BROWSER, "Accept-Language": "en-GB,en;q=0.9"}
        client.session.cookie_jar.clear()
        first = await client.get("/nowhere", headers=wants_english)
        assert "There is no such page" in await first.text()
        assert first.headers["Vary"] == "Accept-Language, Cookie"
        for accept in ({}, {"Accept": "application/json"}, {"Accept": "*/*"}):
            plain = await client.get("/nowhere", headers=accept)
            assert (plain.status, plain.content_type) == (404, "text/plain")
            assert await plain.text() == "404: Not Found"
        head = await client.head("/nowhere?lang=en", headers=BROWSER)
        assert (head.status, await head.read()) == (404, b"")


async def test_an_address_that_names_another_site_is_linked_within_this_one(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, _):
        url = client.make_url("/").with_path("//elsewhere.example/x")
        async with client.session.get(url, headers=BROWSER) as answer:
            page = await answer.text()

    assert 'href="/elsewhere.example/x?lang=en"' in page


async def test_what_a_door_hides_reads_as_what_is_not_there(tmp_path: Path) -> None:
    """Only the address itself, of which the page has the other language's link, differs."""
    async with served(tmp_path, [web.get("/there", hidden)]) as (client, people):
        cookies = await people.cookie(Role.ADMIN)
        there, where = await shown(client, "/there", **cookies), await shown(client, "/where")
        answer = await client.get("/there", headers=BROWSER, cookies=cookies)

    assert there[2].replace(b"/there", b"/where") == where[2]
    assert there[:2] == where[:2]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_page_of_its_own_and_what_is_no_404_stay(tmp_path: Path) -> None:
    async def own(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<p>own", content_type="text/html", status=404)

    async def refused(_: web.Request) -> web.StreamResponse:
        raise web.HTTPForbidden

    async with served(tmp_path, [web.get("/own", own), web.get("/no", refused)]) as (client, _):
        assert (await shown(client, "/own"))[2] == b"<p>own"
        assert (await shown(client, "/no"))[:2] == (403, "text/plain; charset=utf-8")
