"""What a deployment sets, and what it may not."""

import sys
from pathlib import Path

import pytest

from deployment import mail_url
from deployment.envfile import spelled_out
from deployment.settings import Secrets, Settings, StartError, read_settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is what may not be used alone
ACCOUNT = {"account_sid": "AC1", "auth_token": "hush"}
PUBLIC = {"public_url": "https://phone.example"}
WORDS = {"transcriber": "openai", "transcriber_url": "https://words.example"}
SOMLENG_NEEDS = (
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "PUBLIC_URL (to call this server at)",
    "CARRIER_URL (where its REST API is)",
)
LAML = "https://town.signalwire.com/api/laml"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a developer's `.env` nor his environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ZHITONG_{name.upper()}", raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"ZHITONG_{name.upper()}", value)
    return read_settings()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, True),
        ({"demo": "0"}, False),
        ({"public_url": "http://localhost:8080"}, True),
        ({"public_url": "https://phone.example"}, False),
        ({"host": EVERYWHERE, "public_url": "https://phone.example"}, False),
    ],
)
def test_the_demonstration_is_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], shown: bool
) -> None:
    assert read(monkeypatch, **values).shows_demo is shown


@pytest.mark.parametrize(
    ("values", "base"),
    [
        ({}, ""),
        ({**ACCOUNT, **PUBLIC, "carrier": "twilio"}, "https://api.twilio.com"),
        (
            {**ACCOUNT, **PUBLIC, "carrier": "twilio", "carrier_url": "https://mock.example/"},
            "https://mock.example",
        ),
        ({**ACCOUNT, **PUBLIC, "carrier": "signalwire", "carrier_url": LAML}, LAML),
    ],
)
def test_where_the_carrier_is_asked(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], base: str
) -> None:
    settings = read(monkeypatch, **values)

    assert settings.carrier_url == base
    assert settings.shows_demo is (settings.carrier == "local")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"host": EVERYWHERE}, "PUBLIC_URL is required"),
        ({"host": EVERYWHERE, "public_url": "https://phone.example", "demo": "1"}, "DEMO is for"),
        ({"public_url": "https://phone.example", "demo": "1"}, "DEMO is for"),
        ({"public_url": "phone.example"}, "PUBLIC_URL must look like"),
        ({"public_url": "https://phone.example/a\r\nb"}, "PUBLIC_URL must look like"),
        ({"port": "many"}, "PORT must be"),
        ({"port": "70000"}, "PORT must be"),
        ({"time_zone": "Mars/Olympus"}, "TIME_ZONE"),
        ({"time_zone": "../../etc/passwd"}, "TIME_ZONE"),
        ({"retention_audio_days": "0"}, "RETENTION_AUDIO_DAYS must be"),
        ({"secret_key": "short"}, "SECRET_KEY is too short"),
        ({"transcriber": "openai"}, "needs TRANSCRIBER_URL"),
        ({"transcriber_url": "https://words.example"}, "are for TRANSCRIBER=openai"),
        ({"transcriber_key": "hush"}, "are for TRANSCRIBER=openai"),
        ({"transcriber": "openai", "transcriber_url": "words.example"}, "TRANSCRIBER_URL must"),
        ({**WORDS, "transcriber_url": "http://words.example"}, "begin with https://"),
        ({**WORDS, "transcriber_url": "http://8.8.8.8"}, "begin with https://"),
        ({**WORDS, "transcriber_url": "http://169.254.169.254"}, "begin with https://"),
        ({**WORDS, "transcriber_url": "http://0.0.0.0"}, "begin with https://"),
        ({**WORDS, "transcriber_url": "https://a:hush@words.example"}, "TRANSCRIBER_URL must"),
        ({**WORDS, "transcriber_key": "two\nlines"}, "TRANSCRIBER_KEY must be plain"),
        ({**WORDS, "transcriber_model": "x" * 513}, "TRANSCRIBER_MODEL must be plain"),
        ({"smtp_url": "smtps://line:hush@mail.example"}, "SMTP_URL and MAIL_FROM go together"),
        ({"bounces_url": "imaps://line:hush@mail.example"}, "set SMTP_URL, too"),
        ({"bounces_url": "mail.example"}, "BOUNCES_URL must look like"),
        ({"mail_from": "line@city.example"}, "SMTP_URL and MAIL_FROM go together"),
        ({"smtp_url": "mail.example", "mail_from": "line@city.example"}, "SMTP_URL must look"),
        (
            {"smtp_url": "smtps://mail.example", "mail_from": "a@city.example\r\nBcc: b@c.example"},
            "MAIL_FROM must look like",
        ),
        ({"carrier": "pigeon"}, "CARRIER must be"),
        ({"carrier": "twilio"}, "CARRIER=twilio needs ACCOUNT_SID, AUTH_TOKEN"),
        ({**ACCOUNT, "carrier": "twilio"}, "CARRIER=twilio needs PUBLIC_URL"),
        ({**ACCOUNT, **PUBLIC, "carrier": "somleng"}, "CARRIER=somleng needs CARRIER_URL"),
        ({**ACCOUNT, **PUBLIC, "carrier": "signalwire"}, "CARRIER=signalwire needs CARRIER_URL"),
        ({"carrier_url": "api.example"}, "CARRIER_URL must look like"),
        ({"fallback_url": "zh.xml"}, "FALLBACK_URL must look like"),
        ({"trusted_proxies": "proxy.example"}, "TRUSTED_PROXIES must look like"),
        ({"trusted_proxies": "10.0.0.5, ::/0"}, "TRUSTED_PROXIES must not be everybody"),
        ({"workers": "2"}, "WORKERS needs DATABASE_URL"),
        ({"workers": "2", "database_url": "postgresql://x/y"}, "WORKERS must be 1 with CARRIER"),
        ({"database_url": "mysql://root@x/y"}, "DATABASE_URL must look like postgresql://"),
        ({"database_listen_url": "x"}, "DATABASE_LISTEN_URL must look like postgresql://"),
        ({"media_hosts": "media.example"}, "MEDIA_HOSTS must look like"),
        ({"media_hosts": "https://a.example,"}, "MEDIA_HOSTS must look like"),
        ({"media_hosts": "https://a.example/sounds"}, "MEDIA_HOSTS must look like"),
        ({**ACCOUNT, "public_url": "http://localhost", "carrier": "twilio", "demo": "1"}, "DEMO"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], says: str
) -> None:
    with pytest.raises(StartError) as refused:
        read(monkeypatch, **values)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://zhitong:hu/sh@hush@db/zhitong", "has more than one @: write @ in the"),
        ("postgresql://zhitong:hush@hu?sh@db/zhitong", "has more than one @"),
        ("postgresql://zhitong:hush@db", "names no database: write postgresql://user:"),
        ("postgresql://zhitong:hush@db/?sslmode=require", "names no database"),
        ("postgresql://zhitong:hush@db:x/zhitong", "port that is no number"),
        ("postgresql://zhitong:hush@[::1]:0/zhitong", "port that is no number"),
        ("postgresql://db:hush/zhitong", "port that is no number"),
        ("postgresql://zhitong:hush@db/zhitong?sslmode=requird", "say require, verify-full or"),
        ("postgresql://zhitong:hush@db/zhitong?hush=3", "a word behind the ? that its driver"),
    ],
)
def test_a_wrong_address_of_the_database_is_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    with pytest.raises(StartError) as refused:
        read(monkeypatch, database_url=url)

    assert says in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://zhitong@/zhitong?host=/run/postgresql",
        "postgresql://zhitong:p%40a%2Fb@10.0.0.10:6432/zhitong?sslmode=verify-full",
        "postgres://zhitong:p/a:b#c@[::1]:5432/zhitong",
        "postgresql+psycopg://zhitong:p@db/zhitong?sslrootcert=system&connect_timeout=3",
    ],
)
def test_addresses_of_the_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert read(monkeypatch, database_url=url).database_url == url


def test_further_hosts_of_media(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "https://a.example/, https://b.example:8443"

    hosts = ["https://a.example", "https://b.example:8443"]
    assert read(monkeypatch, media_hosts=told).further_media_hosts == hosts


def test_a_broken_env_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"ZHITONG_PORT=\xff\xfe")

    with pytest.raises(StartError, match=r"\.env cannot be read"):
        read_settings()


def test_tokens_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, auth_token="hush", secret_key="quiet" * 8)

    assert "hush" not in repr(settings)
    assert "quiet" not in repr(settings)
    shown = repr(Secrets.of(settings))
    assert "hush" not in shown
    assert "quiet" not in shown


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = Secrets.of(Settings(data_dir=tmp_path))

    assert Secrets.of(Settings(data_dir=tmp_path)) == first
    assert len(first.key) >= 32
    assert first.token
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.skipif(sys.platform == "win32", reason="no modes of files on Windows")
def test_the_key_is_the_owners_alone(tmp_path: Path) -> None:
    Secrets.of(Settings(data_dir=tmp_path))

    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_half_a_key_is_not_a_key(tmp_path: Path) -> None:
    """A power cut in the middle of the first start leaves no key, or the whole of it."""
    (tmp_path / "secret.new").write_bytes(b"half")
    Secrets.of(Settings(data_dir=tmp_path))
    (tmp_path / "secret.key").write_bytes(b"")

    with pytest.raises(StartError, match="cut off"):
        Secrets.of(Settings(data_dir=tmp_path))


def test_settings_come_before_what_is_made(tmp_path: Path) -> None:
    made = Secrets.of(
        Settings(data_dir=tmp_path, secret_key="k" * 32, account_sid="AC1", auth_token="a,b")
    )

    assert (made.key, made.account, made.token) == (b"k" * 32, "AC1", "a,b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("told", "base"),
    [
        ("https://words.example", "https://words.example"),
        ("https://words.example/asr/v1/", "https://words.example/asr"),
        ("http://127.0.0.1:9000/v1", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://10.0.0.5", "http://10.0.0.5"),
        ("http://whisper:9000", "http://whisper:9000"),
    ],
)
def test_where_words_are_asked_for(monkeypatch: pytest.MonkeyPatch, told: str, base: str) -> None:
    values = {"transcriber": "openai", "transcriber_url": told, "transcriber_key": "hush"}
    settings = read(monkeypatch, **values)

    assert settings.transcriber_url == base
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"port": "70000"}, "PORT must be a whole number from 1 to 65535"),
        ({"port": "many"}, "PORT must be a whole number from 1 to 65535"),
        ({"log_level": "loud"}, "LOG_LEVEL must be debug, info, warning or error"),
        ({"speech": "off"}, "SPEECH must be auto or none"),
        ({"voices": "sing"}, "VOICES must be say or play"),
        ({"demo": "perhaps"}, "DEMO must be 0 or 1"),
        ({"database_pooled": "perhaps"}, "DATABASE_POOLED must be 0 or 1"),
        ({"port": ""}, "PORT is empty: give it a value, or leave the line out for 8080"),
        (
            {"bounces_url": "x"},
            "BOUNCES_URL must look like imaps://user:password@mail.example.gov.cn/INBOX",
        ),
        (
            {"smtp_url": "x"},
            f"SMTP_URL {mail_url.LOOKS}",
        ),
        (
            {"carrier": "somleng"},
            f"CARRIER=somleng needs {', '.join(SOMLENG_NEEDS)}",
        ),
    ],
)
def test_each_setting_is_named_once_and_in_our_own_words(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(StartError) as refused:
        read(monkeypatch, **values)

    assert str(refused.value) == f"the settings cannot be used: {sentence}"


def test_each_kind_of_setting_has_words_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is left to the library's, which are for programmers."""
    for name, field in Settings.model_fields.items():
        if field.annotation in {str, Path, Path | None}:
            continue
        with pytest.raises(StartError, match=rf"{name.upper()} must be (?!plain text)"):
            read(monkeypatch, **{name: "-"})
        monkeypatch.delenv(f"ZHITONG_{name.upper()}")


def test_a_terminal_reads_settings_as_they_are_written() -> None:
    said = "CARRIER=local wants PORT, DATA_DIR/secret.key and ZHITONG_HOST; SUPPORT is none"

    assert spelled_out(said, ["CARRIER", "PORT", "DATA_DIR", "HOST"]) == (
        "ZHITONG_CARRIER=local wants ZHITONG_PORT, DATA_DIR/secret.key and ZHITONG_HOST; SUPPORT "
        "is none"
    )
