"""The file of channels: read whole, or refused with a sentence for each fault that repeats nothing
of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from deployment.channels import MOST, Chat, channels_of
from deployment.settings import Settings, StartError
from routing.city import AREA, demo_sheets
from routing.delivery import notify
from routing.delivery.webhook import Endpoint
from routing.register import Directory
from routing.sheets.contacts import NOBODY
from routing.sheets.register import read_directory

SECRET = "0123456789abcdef0123456789abcdef"
OLD = SECRET[::-1]
GOOD = f'[channels.desk]\nkind = "webhook"\nurl = "https://desk.example/z"\nsecret = "{SECRET}"\n'


@pytest.fixture(scope="module")
def city() -> Directory:
    return read_directory(demo_sheets(), area=AREA)


def in_file(folder: Path, text: str | bytes, mode: int = 0o600) -> Settings:
    file = folder / "channels.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    file.chmod(mode)
    return Settings(data_dir=folder, channels=file)


def fault(folder: Path, city: Directory, text: str | bytes, mode: int = 0o600) -> str:
    with pytest.raises(StartError) as caught:
        channels_of(in_file(folder, text, mode), city)
    return str(caught.value)


def test_without_a_file_there_are_none(tmp_path: Path, city: Directory) -> None:
    assert channels_of(Settings(data_dir=tmp_path), city) == {}


def test_a_webhook_is_read(tmp_path: Path, city: Directory) -> None:
    found = channels_of(in_file(tmp_path, GOOD), city)

    assert found == {"desk": Endpoint("https://desk.example/z", (SECRET,), allow_private=False)}
    assert SECRET not in repr(found)


def test_two_secrets_while_one_replaces_the_other(tmp_path: Path, city: Directory) -> None:
    two = GOOD.replace(f'"{SECRET}"', f'["{OLD}", "{SECRET}"]')
    desk = channels_of(in_file(tmp_path, two), city)["desk"]

    assert isinstance(desk, Endpoint)
    assert desk.secrets == (OLD, SECRET)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://desk:8/z", "https://10.0.0.5/"])
def test_an_own_address_is_read_where_it_is_allowed(
    tmp_path: Path, city: Directory, url: str
) -> None:
    text = GOOD.replace("https://desk.example/z", url) + "allow_private = true\n"

    assert channels_of(in_file(tmp_path, text), city)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, city: Directory, mode: int) -> None:
    told = fault(tmp_path, city, GOOD, mode)

    assert "others can read it: chmod 600" in told


def test_what_systemd_lends_may_show_a_group(
    tmp_path: Path, city: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert channels_of(in_file(tmp_path, GOOD, 0o440), city)


def test_a_file_that_is_not_there_is_named(tmp_path: Path, city: Directory) -> None:
    with pytest.raises(StartError, match=r"nowhere\.toml cannot be read: No such file"):
        channels_of(Settings(data_dir=tmp_path, channels=tmp_path / "nowhere.toml"), city)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\xff", "must be UTF-8 text"),
        ("x" * (MOST + 1), "is it the right file?"),
        (f'[channels.desk]\nsecret = "{SECRET}', "is no TOML (at "),
        (f'secret = "{SECRET}"', "holds tables [channels.NAME] and nothing else"),
        ("channels = 1", "holds tables [channels.NAME] and nothing else"),
        (f'channels.desk = "{SECRET}"', "channel desk: write it as a table"),
        (f"[channels.{SECRET}_{SECRET}]", "channel (a name that is none): a name has small"),
        ("[channels.desk]\n", 'channel desk: kind must be "webhook" or "notify"'),
        (f'[channels.desk]\nkind = "{SECRET}"\n', "channel desk: kind must be"),
        (f'{GOOD}{SECRET} = "x"\n', "channel desk: only allow_private, kind, secret, url can"),
        (f"{GOOD}allow_private = 1\n", "channel desk: allow_private must be true or false"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, city: Directory, text: str | bytes, says: str
) -> None:
    told = fault(tmp_path, city, text)

    assert says in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("desk.example/hush", "url must look like https://"),
        ("ftp://desk.example/hush", "url must look like https://"),
        ("https:///hush", "url must look like https://"),
        ("https://desk.example:99999/hush", "url must look like https://"),
        ("https://desk.example/hush#here", "url must look like https://"),
        ("https://desk.example/hush\\r\\nX: y", "url must look like https://"),
        ("https://桌.example/hush", "url must look like https://"),
        ("https://me:hush@desk.example/", "url must hold no user and password"),
        ("http://desk.example/hush", "url must begin with https://"),
        ("http://desk/hush", "url must begin with https://"),
        ("http://127.0.0.1/hush", "url must begin with https://"),
        ("https://127.0.0.1/hush", "leads to an address that is not public"),
        ("https://[::1]/hush", "leads to an address that is not public"),
        ("https://[::ffff:10.0.0.1]/hush", "leads to an address that is not public"),
        ("https://169.254.169.254/hush", "leads to an address that is not public"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(
    tmp_path: Path, city: Directory, url: str, says: str
) -> None:
    told = fault(tmp_path, city, GOOD.replace("https://desk.example/z", url))

    assert f"channel desk: {says}" in told or f"channel desk: url {says}" in told
    assert "hush" not in told


@pytest.mark.parametrize("url", ["http://desk.example/", "http://93.184.216.34/"])
def test_in_clear_nothing_leaves_also_where_private_ones_are_allowed(
    tmp_path: Path, city: Directory, url: str
) -> None:
    text = GOOD.replace("https://desk.example/z", url) + "allow_private = true\n"

    assert "url must begin with https://" in fault(tmp_path, city, text)


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ('""', "secret is too short to be secret: 32 random characters"),
        ('"hush-hush"', "secret is too short"),
        ("[]", "secret must be a text, or two"),
        (f'["{SECRET}", "{OLD}", "{SECRET}"]', "secret must be a text, or two"),
        (f'["{SECRET}", "hush"]', "secret is too short"),
        ("7", "secret must be a text, or two"),
    ],
)
def test_a_secret_that_is_none_is_refused(
    tmp_path: Path, city: Directory, secret: str, says: str
) -> None:
    told = fault(tmp_path, city, GOOD.replace(f'"{SECRET}"', secret))

    assert f"channel desk: {says}" in told
    assert "hush" not in told


def test_every_fault_is_told_at_once(tmp_path: Path, city: Directory) -> None:
    told = fault(tmp_path, city, GOOD.replace("https", "http") + "[channels.other]\n")

    assert "channel desk: url must begin" in told
    assert "channel other: kind must be" in told


def test_a_secret_of_two_channels_is_refused(tmp_path: Path, city: Directory) -> None:
    other = GOOD.replace("[channels.desk]", "[channels.water]")
    old = other.replace(f'"{SECRET}"', f'["{OLD}", "{SECRET}"]')
    for twice in (GOOD + other, GOOD + old):
        said = fault(tmp_path, city, twice)
        assert "channel water: its secret is that of desk, too" in said
        assert SECRET not in said
    apart = GOOD + other.replace(SECRET, OLD)
    assert set(channels_of(in_file(tmp_path, apart), city)) == {"desk", "water"}


def test_a_contact_whose_channel_is_not_there_is_named(tmp_path: Path) -> None:
    row = "市水利局,1,值班室,Duty desk,,,wecom,\n"
    city = read_directory(replace(demo_sheets(), contacts=NOBODY + row), area=AREA)

    told = "contacts: 市水利局, order 1, names the channel wecom, which ZHITONG_CHANNELS does not"
    assert told in fault(tmp_path, city, GOOD)
    with pytest.raises(StartError, match="names the channel wecom"):
        channels_of(Settings(data_dir=tmp_path), city)


CHAT = '[channels.chat]\nkind = "notify"\nurl = "wecombot://hush-hush"\n'


def test_without_the_extra_a_chat_says_which_command_adds_it(
    tmp_path: Path, city: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "find_spec", lambda name: None)
    told = fault(tmp_path, city, CHAT)

    assert "channel chat: apprise is not installed: uv sync --extra notify" in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("found", "says"), [("", ""), ("is no address", "channel chat: url is no address")]
)
def test_a_chats_address_is_looked_at_by_who_knows_it(
    tmp_path: Path, city: Directory, monkeypatch: pytest.MonkeyPatch, found: str, says: str
) -> None:
    monkeypatch.setattr(notify, "find_spec", lambda name: object())
    monkeypatch.setattr(notify, "fault_of", lambda url: found)
    if says:
        assert says in fault(tmp_path, city, CHAT)
    else:
        assert channels_of(in_file(tmp_path, CHAT), city) == {"chat": Chat("wecombot://hush-hush")}


@pytest.mark.parametrize("url", ["7", '"a\\u0007b"', "[]"])
def test_a_chats_address_must_be_a_text(tmp_path: Path, city: Directory, url: str) -> None:
    told = fault(tmp_path, city, CHAT.replace('"wecombot://hush-hush"', url))

    assert "channel chat: url must be an address of apprise" in told


def test_a_chat_takes_no_secret(
    tmp_path: Path, city: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "fault_of", lambda url: "")
    told = fault(tmp_path, city, f'{CHAT}secret = "hush"\n')

    assert "channel chat: only kind, url can stand here" in told
