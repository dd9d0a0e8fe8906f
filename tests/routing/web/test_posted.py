"""What is not read at all: bodies that take long to decode, that are broken, or that bring files to
a page which wants none. Each is refused before a password or a session is looked at."""

import io
from pathlib import Path

import pytest
from aiohttp import BodyPartReader, web

from routing.accounts.roles import Role
from routing.web.entry import signed_in
from tests.people import served

FORM = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="name"\r\n'
DOORS = ("/sign-in", "/sign-in/second", "/sign-in/passkey", "/who")


@signed_in(Role.ADMIN)
async def who(request: web.Request) -> web.StreamResponse:
    return web.Response(text=str((await request.post()).get("name", "")))


@signed_in(Role.ADMIN, files=True)
async def parts(request: web.Request) -> web.StreamResponse:
    found = [part async for part in await request.multipart()]
    return web.json_response([part.name for part in found if isinstance(part, BodyPartReader)])


ROUTES = (web.get("/who", who), web.post("/who", who), web.post("/parts", parts))
BROKEN = {
    "a charset of which 64 kB take half a second": (f"{FORM}; charset=punycode", b"a=1", 400),
    "a charset that there is not": (f"{FORM}; charset=bogus", b"a=1", 400),
    "bytes of no UTF-8": (FORM, b"name=\xff\xfe", 400),
    "a zero byte": (FORM, b"name=a%00b", 400),
    "a zero byte in a name": (FORM, b"na%00me=a", 400),
    "parts": ("multipart/form-data; boundary=x", PART + b"\r\na\r\n--x--\r\n", 415),
    "parts of another charset": (
        "multipart/form-data; boundary=x",
        PART + b"Content-Type: text/plain; charset=punycode\r\n\r\na\r\n--x--\r\n",
        415,
    ),
    "parts without their border": ("multipart/form-data", b"xx", 415),
    "a thousand fields and one": (FORM, b"&".join(b"a%d=" % n for n in range(1001)), 413),
}


@pytest.mark.parametrize("why", BROKEN)
async def test_a_form_that_cannot_be_read_is_refused_at_every_door(
    tmp_path: Path, why: str
) -> None:
    kind, body, status = BROKEN[why]
    async with served(tmp_path, ROUTES) as (client, people):
        cookies = await people.cookie(Role.ADMIN)
        headers = {"Content-Type": kind}
        answers = {
            path: (await client.post(path, data=body, headers=headers, cookies=cookies)).status
            for path in DOORS
        }

        assert answers == dict.fromkeys(DOORS, status)


async def test_json_of_another_charset_is_not_decoded(tmp_path: Path) -> None:
    async with served(tmp_path) as (client, _):
        headers = {"Content-Type": "application/json; charset=punycode"}
        answer = await client.post("/sign-in/passkey", data=b"{}", headers=headers)

        assert answer.status == 400


@pytest.mark.parametrize("address", ["/who?q=a%00", "/sign-in?next=%00", "/sign-in/second?a%00=1"])
async def test_an_address_with_a_zero_byte_is_refused(tmp_path: Path, address: str) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        cookies = await people.cookie(Role.ADMIN)

        assert (await client.get(address, cookies=cookies)).status == 400


async def test_parts_go_to_who_reads_them_alone(tmp_path: Path) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        cookies = await people.cookie(Role.ADMIN)
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        body = PART + b"\r\na\r\n--x--\r\n"
        answer = await client.post("/parts", data=body, headers=headers, cookies=cookies)

        assert await answer.json() == ["name"]


async def test_a_late_form_with_files_leads_to_sign_in_however_large(tmp_path: Path) -> None:
    async with served(tmp_path, ROUTES) as (client, people):
        cookies = await people.cookie(Role.ADMIN)
        people.clock.at = people.clock.at.replace(hour=20)
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        file = PART.replace(b'name="', b'filename="a.csv"; name="')
        body = io.BytesIO(file + b"\r\n" + b"a" * 2_000_000 + b"\r\n--x--\r\n")
        late = await client.post(
            "/parts", data=body, headers=headers, cookies=cookies, allow_redirects=False
        )

        assert (late.status, late.headers["Location"]) == (303, "/sign-in?kept=1")
