"""Checks that a webhook was signed by the carrier (twilio-voice §2). The counterpart of
twilio's RequestValidator, which is too slow for every step and stays as the tests' oracle."""

import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlparse, urlsplit

SIGNATURE: Final = "X-Twilio-Signature"
SETTINGS: Final = "X-Twilio-Webhooks-Signature-Settings"

_SHA1, _SHA256 = "HMAC_SHA1", "HMAC_SHA256"
_HASHES: Final = {_SHA1: hashlib.sha1, _SHA256: hashlib.sha256}
# Where urllib, through which the SDK passes every URL, would rewrite it: an empty query,
# parameter or fragment part, spaces and control characters.
_REWRITTEN: Final = re.compile(r"[;?#](?:[?#]|\Z)|[\x00-\x20]")


class SignatureCheck:
    """Knows the secrets and the address under which the carrier knows this server.

    `public_url` is the configured base, never what a proxy's inner hop says; `secrets` are Auth
    Tokens and SharedKeys, several while one is being replaced; `header` is where the carrier puts
    the signature. Raises ValueError, with a sentence, for an address or a secret that could never
    match."""

    __slots__ = ("_bases", "_header", "_keys")

    def __init__(self, public_url: str, secrets: Iterable[str], header: str = SIGNATURE) -> None:
        self._bases = _bases(public_url)
        self._header = header
        keys = [secret.strip().encode() for secret in secrets]
        if not keys or not all(keys):
            raise ValueError("webhooks cannot be checked without a secret; set AUTH_TOKEN")
        self._keys = {
            name: tuple(hmac.new(key, digestmod=kind) for key in keys)
            for name, kind in _HASHES.items()
        }

    def form(self, raw_path: str, fields: Mapping[str, object], headers: Mapping[str, str]) -> bool:
        """Whether a form POST (or, with no fields, a GET) is genuine. Never raises.

        `raw_path` is the request target byte for byte, query included; `fields` are all
        fields received, a MultiDict where names repeat."""
        try:
            return self._genuine(raw_path, _joined(fields), headers)
        except (TypeError, ValueError):  # an uploaded file, a lone surrogate: never signed
            return False

    def body(self, raw_path: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether a JSON POST is genuine: `bodySHA256` in the query is the body's hash, and the
        URL alone is signed. Never raises."""
        try:
            given = (
                parse_qs(urlsplit(f"http://host{raw_path}").query)
                .get("bodySHA256", [""])[0]
                .encode()
            )
            expected = hashlib.sha256(body).hexdigest().encode()
            same = hmac.compare_digest(given, expected)
            return self._genuine(raw_path, "", headers) and same
        except ValueError:
            return False

    def _genuine(self, raw_path: str, tail: str, headers: Mapping[str, str]) -> bool:
        signature = headers.get(self._header)
        settings = headers.get(SETTINGS)
        keys = self._keys.get(_algorithm(settings) if settings else _SHA1)
        if not signature or keys is None or not raw_path.startswith("/"):
            return False
        given = signature.encode()
        rewritten = _REWRITTEN.search(raw_path) is not None
        for base in self._bases:
            url = base + raw_path
            signed = ((urlparse(url).geturl() if rewritten else url) + tail).encode()
            for key in keys:
                mac = key.copy()
                mac.update(signed)
                expected = binascii.b2a_base64(mac.digest(), newline=False)
                if hmac.compare_digest(expected, given):
                    return True
        return False


def _joined(fields: Mapping[str, object]) -> str:
    """Names and values in the signed order: each pair once, by name, then by value."""
    once: Mapping[str, str] = fields if type(fields) is dict else dict(fields.items())  # type: ignore[arg-type]  # else TypeError below
    if len(once) == len(fields):
        return "".join([name + once[name] for name in sorted(once)])
    pairs: set[tuple[str, str]] = set(fields.items())  # type: ignore[arg-type]  # else TypeError
    return "".join([name + value for name, value in sorted(pairs)])


def _algorithm(settings: str) -> str:
    """The algorithm named in the settings header; without one, SHA-1 as ever."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return _SHA1


def _bases(public_url: str) -> tuple[str, str]:
    """The base with and without its port, likelier first.

    Twilio drops the port before it signs over HTTPS and keeps it over HTTP."""
    url = urlsplit(public_url.strip())
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        raise ValueError(f"{public_url!r} is no base address; write https://host or http://host")
    if url.username is not None or url.password is not None:
        raise ValueError("the public address must not hold a user or password; remove them")
    host = url.netloc.removesuffix(f":{url.port}" if url.port else ":")
    port = url.port or (443 if url.scheme == "https" else 80)
    path = url.path.rstrip("/")
    bare, full = f"{url.scheme}://{host}{path}", f"{url.scheme}://{host}:{port}{path}"
    return (full, bare) if url.scheme == "http" and url.port else (bare, full)
