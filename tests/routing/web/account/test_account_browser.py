"""Signing in, one's own account and the accounts an admin keeps, in a real Chromium: by keyboard,
with a passkey of a pretended device, and what axe-core says of each page."""

import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from routing.accounts.passkeys import Place
from routing.accounts.roles import Role
from tests.axe import no_serious
from tests.databases import database_at
from tests.people import PASSWORD, People, app_of, people_of


@dataclass(frozen=True, slots=True)
class Served:
    """Where the pages are, and the people."""

    url: str
    people: People


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    database = await database_at(tmp_path / "people.db")
    people = people_of(database, place=Place("localhost", url))
    async with TestServer(app_of(people), port=port):
        yield Served(url, people)
    await database.close()


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """From the keyboard alone."""
    await page.get_by_label("用户名").press_sequentially(name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")


async def pretended_device(page: Page) -> None:
    """A computer that asks its owner and keeps passkeys (CDP's virtual authenticator)."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_a_passkey_is_made_and_signs_in_by_itself(page: Page, house: Served) -> None:
    await house.people.add(Role.ADMIN, name="wang")
    await pretended_device(page)
    await page.goto(f"{house.url}/sign-in?next=/account")
    await no_serious(page)
    await sign_in(page, "wang")
    await expect(page.get_by_test_id("bare")).to_be_visible()
    await page.get_by_label("通行密钥的名称").fill("办公室电脑")
    await page.get_by_role("button", name="添加通行密钥").click()
    await expect(page.get_by_text("通行密钥已经添加")).to_be_visible()
    await expect(page.get_by_text("办公室电脑 11月24日")).to_be_visible()
    await no_serious(page)
    await page.get_by_role("button", name="退出", exact=True).click()
    await expect(page.get_by_text("已经退出")).to_be_visible()

    await page.get_by_role("button", name="用通行密钥登录").click()
    await expect(page.get_by_role("heading", name="我的账号")).to_be_visible()

    await page.get_by_role("button", name="删除办公室电脑").click()
    await expect(page.get_by_text("通行密钥已经删除")).to_be_visible()
    await page.get_by_role("button", name="退出", exact=True).click()
    await page.get_by_role("button", name="用通行密钥登录").click()
    await expect(page.get_by_text("没有成功")).to_be_visible()


async def test_a_phone_is_set_up_and_asked_for_from_the_keyboard_alone(
    page: Page, house: Served
) -> None:
    await house.people.add(Role.AUDITOR, name="zhao")
    await page.goto(f"{house.url}/account/second")
    await sign_in(page, "zhao")
    await page.get_by_role("button", name="现在设置").press("Enter")
    await expect(page.get_by_alt_text("二维码")).to_be_visible()
    await no_serious(page)
    key = (await page.get_by_test_id("key").inner_text()).replace(" ", "")
    code = pyotp.HOTP(key).at(int(house.people.clock.at.timestamp()) // 30)
    await page.get_by_label("六位数字").press_sequentially("000000")
    await page.keyboard.press("Enter")
    field = page.get_by_label("六位数字")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(re.compile("验证码不对"))
    await field.press_sequentially(code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("codes").get_by_role("listitem")).to_have_count(10)
    await no_serious(page)
    paper = await page.get_by_test_id("codes").get_by_role("listitem").nth(4).inner_text()
    await page.get_by_role("button", name="退出", exact=True).press("Enter")

    await sign_in(page, "zhao")
    await expect(page.get_by_label("验证码")).to_be_focused()
    await no_serious(page)
    await page.keyboard.type(paper.lower())
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("还剩9个可用")).to_be_visible()


async def test_an_admin_makes_an_account_in_english(page: Page, house: Served) -> None:
    await house.people.add(Role.ADMIN, name="wang")
    await page.goto(f"{house.url}/admin/accounts?lang=en")
    await page.get_by_label("Name").fill("wang")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("button", name="New account").click()
    await no_serious(page)
    await page.get_by_label("Sign-in name").fill("li.na")
    await page.get_by_label("Role").select_option("office")
    await page.get_by_role("button", name="Create").click()
    office = page.get_by_label("Office")
    await expect(office).to_have_accessible_description(re.compile("choose an office"))
    await expect(page.get_by_label("Sign-in name")).to_have_value("li.na")
    await no_serious(page)
    await office.select_option("市水利局")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_test_id("once")).to_have_text(re.compile(r"^(\w{4}-){3}\w{4}$"))
    await no_serious(page)
    await page.get_by_role("button", name="Done").click()
    await expect(page.get_by_role("row", name="li.na")).to_be_visible()
    await no_serious(page)
