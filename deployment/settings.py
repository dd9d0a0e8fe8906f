"""What a deployment sets: the environment or `.env`, and the server's own key (design §7).
The counterpart of `server.py`, which makes the parts from it."""

import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Self, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import Ge, Le
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from deployment import envfile, imap_url, mail_url, proxies, transcriber_url
from deployment.database_url import fault_of
from deployment.log import Level
from ivr.carrier.profiles import CarrierName, profile_of
from routing.delivery.relay import is_mailbox

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
ENV_FILE: Final = Path(".env")
LEAST_KEY: Final = 32
"""Bytes of a key that is not to be guessed."""
LEAST_TOKEN: Final = 16
"""Characters of a token that strangers may try as often as they like."""
MOST_WORD: Final = 512
"""Characters of a name or a key that is told to somebody else's server."""
_NO_ADDRESS: Final = frozenset(" \"'<>\\^`{|}")
"""Signs that stand in no address as it is signed (urllib would drop or rewrite some)."""


class StartError(Exception):
    """The server cannot start; the sentence says what to do."""


class Settings(BaseSettings):
    """From the environment or `.env`, each with the prefix ZHITONG_ (design §7)."""

    model_config = SettingsConfigDict(
        env_prefix=envfile.PREFIX, env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = ""
    data_dir: Path = Path("var")
    carrier: CarrierName = "local"
    carrier_url: str = ""
    fallback_url: str = ""
    account_sid: str = ""
    auth_token: str = Field(default="", repr=False)
    media_hosts: str = ""
    secret_key: str = Field(default="", repr=False)
    transcriber: Literal["carrier", "local", "openai", "none"] = "carrier"
    transcriber_url: str = ""
    transcriber_key: str = Field(default="", repr=False)
    transcriber_model: str = ""
    voices: Literal["say", "play"] = "say"
    speech: Literal["auto", "none"] = "auto"
    time_zone: str = "Asia/Shanghai"
    retention_audio_days: int = Field(default=90, ge=1, le=3650)
    demo: bool | None = None
    two_people: Literal["numbers", "always", "off"] = "numbers"
    trusted_proxies: str = ""
    max_calls: int = Field(default=500, ge=1, le=1_000_000)
    max_calls_per_caller: int = Field(default=3, ge=1, le=1_000_000)
    max_calls_per_number: int = Field(default=100, ge=1, le=1_000_000)
    log_level: Level = "info"
    metrics_token: str = Field(default="", repr=False)
    database_url: str = Field(default="", repr=False)
    database_pooled: bool = False
    database_listen_url: str = Field(default="", repr=False)
    smtp_url: str = Field(default="", repr=False)
    mail_from: str = ""
    channels: Path | None = None
    bounces_url: str = Field(default="", repr=False)
    workers: int = Field(default=1, ge=1, le=64)

    @field_validator("*", mode="before")
    @classmethod
    def _said(cls, told: object, of: ValidationInfo) -> object:
        """A name without a value is a slip where nothing is no value. As DATA_DIR it would be the
        folder that we were started in, with the code."""
        usual = cls.model_fields[of.field_name or ""].default
        if told == "" and not isinstance(usual, str):
            instead = "" if usual is None else f" for {usual}"
            raise ValueError(f"is empty: give it a value, or leave the line out{instead}")
        return told

    @field_validator("public_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if url and not _is_base(url):
            raise ValueError("PUBLIC_URL must look like https://phone.example.gov.cn")
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, told: str) -> str:
        proxies.networks(told)
        return told

    @field_validator("fallback_url")
    @classmethod
    def _file(cls, url: str) -> str:
        if url and not _is_base(url):
            raise ValueError("FALLBACK_URL must look like https://files.example/zhitong/zh.xml")
        return url

    @field_validator("carrier_url")
    @classmethod
    def _rest_base(cls, url: str) -> str:
        if url and not _is_base(url):
            raise ValueError("CARRIER_URL must look like https://api.example.com")
        return url.rstrip("/")

    @field_validator("transcriber_url")
    @classmethod
    def _words_from(cls, url: str) -> str:
        if url and not _is_base(url):
            raise ValueError(f"TRANSCRIBER_URL {transcriber_url.LOOKS}")
        if url and (wrong := transcriber_url.fault_of(url)):
            raise ValueError(f"TRANSCRIBER_URL {wrong}")
        return transcriber_url.base_of(url)

    @field_validator("transcriber_key", "transcriber_model")
    @classmethod
    def _one_line(cls, told: str, of: ValidationInfo) -> str:
        """A model may be a folder, whose name may be of any script."""
        plain = told.isascii() or of.field_name == "transcriber_model"
        if not (plain and told.isprintable() and len(told) <= MOST_WORD):
            name = (of.field_name or "").upper()
            raise ValueError(f"{name} must be plain letters, digits and signs on one line")
        return told.strip()

    @field_validator("database_url", "database_listen_url")
    @classmethod
    def _database(cls, url: str, of: ValidationInfo) -> str:
        if url and (wrong := fault_of(url)):
            raise ValueError(f"{(of.field_name or '').upper()} {wrong}")
        return url

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, url: str) -> str:
        if url and (wrong := mail_url.fault_of(url)):
            raise ValueError(f"SMTP_URL {wrong}")
        return url

    @field_validator("bounces_url")
    @classmethod
    def _mailbox_of_bounces(cls, url: str) -> str:
        if url and (wrong := imap_url.fault_of(url)):
            raise ValueError(f"BOUNCES_URL {wrong}")
        return url

    @field_validator("mail_from")
    @classmethod
    def _mailbox(cls, address: str) -> str:
        if address and not is_mailbox(address):
            raise ValueError("MAIL_FROM must look like line@example.gov.cn, without a name")
        return address

    @field_validator("media_hosts")
    @classmethod
    def _origins(cls, hosts: str) -> str:
        if hosts and not all(_is_origin(host.strip()) for host in hosts.split(",")):
            raise ValueError("MEDIA_HOSTS must look like https://a.example,https://b.example")
        return hosts

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.host not in LOOPBACK and not self.public_url:
            raise ValueError("PUBLIC_URL is required where HOST is not this machine itself")
        if self.workers > 1 and not self.database_url:
            raise ValueError(
                "WORKERS needs DATABASE_URL: SQLite, in DATA_DIR, is one process's alone"
            )
        self._has_a_place()
        self._mails_both_ways()
        self._keeps_secrets()
        self._has_one_transcriber()
        if self.demo and not self._for_this_machine:
            raise ValueError(
                "DEMO is for this machine alone: HOST must be 127.0.0.1, CARRIER and "
                "PUBLIC_URL not set"
            )
        self.carrier_url = self.carrier_url or profile_of(self.carrier).api
        if self.carrier != "local":
            self._reaches_the_carrier()
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as wrong:
            raise ValueError(
                f"TIME_ZONE {self.time_zone!r} is no zone; say Asia/Shanghai"
            ) from wrong
        if "\0" in str(self.data_dir):
            raise ValueError("DATA_DIR holds a zero byte: write it anew, as plain text")
        if self.auth_token and not all(token.strip() for token in self.auth_token.split(",")):
            raise ValueError("AUTH_TOKEN has an empty token: put one comma between two, no more")
        return self

    def _mails_both_ways(self) -> None:
        """Mail has a sender, and only what is sent comes back."""
        if bool(self.smtp_url) != bool(self.mail_from):
            raise ValueError("SMTP_URL and MAIL_FROM go together: set both, or neither")
        if self.bounces_url and not self.smtp_url:
            raise ValueError("BOUNCES_URL is where our mail comes back to: set SMTP_URL, too")

    def _has_a_place(self) -> None:
        """The embedded carrier is one process of this machine, and plays by itself."""
        if self.carrier != "local":
            return
        if self.workers > 1:
            raise ValueError("WORKERS must be 1 with CARRIER=local, which lives in one process")
        if self.voices == "play":
            raise ValueError(
                "VOICES=play is for a carrier outside: CARRIER=local plays what is recorded anyway"
            )

    def _keeps_secrets(self) -> None:
        """What is short can be guessed."""
        if 0 < len(self.secret_key) < LEAST_KEY:
            raise ValueError(f"SECRET_KEY is too short to be secret: {LEAST_KEY} random characters")
        if 0 < len(self.metrics_token) < LEAST_TOKEN:
            raise ValueError(f"METRICS_TOKEN can be guessed: {LEAST_TOKEN} random characters")

    def _has_one_transcriber(self) -> None:
        """One that is asked for words, and no address of one that is not."""
        if self.transcriber == "openai" and not self.transcriber_url:
            raise ValueError("TRANSCRIBER=openai needs TRANSCRIBER_URL, where it is asked")
        if self.transcriber != "openai" and (self.transcriber_url or self.transcriber_key):
            raise ValueError(
                "TRANSCRIBER_URL and TRANSCRIBER_KEY are for TRANSCRIBER=openai: set it, or leave "
                "both out"
            )
        if self.transcriber == "local":
            from ivr.transcription import model  # noqa: PLC0415 - a start without it is quicker

            if wrong := model.fault_of(self.transcriber_model):
                raise ValueError(f"TRANSCRIBER=local {wrong}")

    def _reaches_the_carrier(self) -> None:
        """A carrier outside needs an account, and an address for each of us."""
        wanted = {
            "ACCOUNT_SID": self.account_sid,
            "AUTH_TOKEN": self.auth_token,
            "PUBLIC_URL (to call this server at)": self.public_url,
            "CARRIER_URL (where its REST API is)": self.carrier_url,
        }
        if missing := [name for name, told in wanted.items() if not told]:
            raise ValueError(f"CARRIER={self.carrier} needs {', '.join(missing)}")

    @property
    def further_media_hosts(self) -> list[str]:
        """Origins, besides the carrier's own, that recordings may be fetched from."""
        return [host.strip().rstrip("/") for host in self.media_hosts.split(",") if host.strip()]

    @property
    def shows_demo(self) -> bool:
        """Whether the demonstration's pages and phones are mounted."""
        return self._for_this_machine if self.demo is None else self.demo

    @property
    def is_public(self) -> bool:
        """Whether it is reached from elsewhere: a proxy before it may hand the public on under our
        own Host name."""
        public = urlsplit(self.public_url).hostname
        return public is not None and public not in LOOPBACK

    @property
    def _for_this_machine(self) -> bool:
        """A loopback HOST is not enough."""
        return self.host in LOOPBACK and not self.is_public and self.carrier == "local"

    @property
    def base(self) -> str:
        """The address that carriers and browsers use, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"


def _is_base(url: str) -> bool:
    """Whether an address can have ours put behind it, and be signed (twilio-voice §2)."""
    if not url.isascii() or not url.isprintable() or not _NO_ADDRESS.isdisjoint(url):
        return False
    try:
        parts = urlsplit(url)
        told = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return False
    return bool(told) and not (parts.username or parts.password or parts.query or parts.fragment)


def _is_origin(url: str) -> bool:
    """Whether it is scheme and host (and port) alone."""
    return _is_base(url) and not urlsplit(url).path.strip("/")


_UNUSABLE: Final = "the settings cannot be used: "


def _sentence(fault: ErrorDetails) -> str:
    """One fault in our own words; what was written is never repeated, it may be a secret."""
    said = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return said
    field_name = str(fault["loc"][0])
    name = field_name.upper()
    if fault["type"] == "value_error":
        return said if said.startswith(f"{name} ") else f"{name} {said}"
    return f"{name} must be {_kind(field_name)}"


def _kind(field_name: str) -> str:
    """What may stand there, read from the field itself."""
    of = Settings.model_fields[field_name]
    if get_origin(of.annotation) is Literal:
        *others, last = get_args(of.annotation)
        return f"{', '.join(others)} or {last}"
    bounds = {type(bound): bound for bound in of.metadata}
    if Ge in bounds and Le in bounds:
        least, most = bounds[Ge].ge, bounds[Le].le
        return f"a whole number from {least} to {most}"
    return "0 or 1" if of.annotation in {bool, bool | None} else "plain text"


def read_settings() -> Settings:
    """Raises StartError naming each setting that is wrong."""
    try:
        if odd := envfile.faults(ENV_FILE, [name.upper() for name in Settings.model_fields]):
            raise StartError(_UNUSABLE + "; ".join(odd))
        return Settings()
    except ValidationError as wrong:
        raise StartError(_UNUSABLE + "; ".join(map(_sentence, wrong.errors()))) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise StartError(f".env cannot be read: {wrong}; it must be UTF-8 text") from wrong


@dataclass(frozen=True, slots=True)
class Secrets:
    """The server's key and what follows from it; shown, it holds none of them."""

    key: bytes = field(repr=False)
    account: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """From the settings; made on the first start, where absent, and kept in DATA_DIR."""
        key = settings.secret_key.encode() or _kept_key(settings.data_dir / "secret.key")
        derived = hmac.new(key, b"zhitong local line", hashlib.sha256).hexdigest()
        return cls(
            key,
            settings.account_sid or f"AC{derived[:32]}",
            settings.auth_token or derived[32:],
        )


def _kept_key(path: Path) -> bytes:
    """Whole or not at all: numbers sealed with a key that a power cut took are lost with it."""
    with contextlib.suppress(FileNotFoundError):
        return _whole(path, path.read_bytes())
    key = secrets.token_urlsafe(48).encode()
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return key


def _whole(path: Path, key: bytes) -> bytes:
    if len(key) < LEAST_KEY:
        raise StartError(f"{path} is cut off: bring it back from a backup, or set SECRET_KEY")
    return key
