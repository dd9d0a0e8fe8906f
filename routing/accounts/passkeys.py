"""Passkeys (WebAuthn level 2): what a browser is asked, and whether its answer is right. The
challenge proves itself by a keyed mark and its own time, so that nothing is kept of questions that
nobody answers; a right answer is used once (`Factors.spend`). No clock and no randomness here. The
library takes half a second of a core to import: whoever calls `making`, `asking`, `made` or `uses`
does so beside the loop, and a server where nobody has a passkey is spared it."""

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

ANSWERED_WITHIN: Final = timedelta(minutes=5)
MOST_ANSWER: Final = 16_000
"""Characters of a browser's answer."""
BROKEN: Final = (ValueError, LookupError, TypeError, AttributeError)
"""What the library raises besides its own errors, where a part of an answer is of another kind than
it takes for granted."""
Marked = Callable[[str, str], str]
"""A keyed digest of a text, for one use (`storage.sealing`)."""


class NotThisKey(Exception):
    """The browser's answer is not right. The reason is for nobody's eyes but a developer's."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys are of: the host that they are bound to, and the origin of our pages."""

    host: str
    origin: str
    name: str = "直通 Zhitong"


@dataclass(frozen=True, slots=True)
class Passkey:
    """One that somebody has, as it is kept. `id` is base64url; `uses` the device's own count, 0
    where it does not count."""

    id: str
    account: str
    public_key: bytes
    uses: int
    name: str
    created: datetime
    used: datetime | None = None


def challenge(purpose: str, random: bytes, now: datetime, marked: Marked) -> bytes:
    """A question that can be recognised when it is answered."""
    until = int((now + ANSWERED_WITHIN).timestamp())
    told = until.to_bytes(8, "big") + random
    return told + _mark(purpose, told, marked)


def recognised(answer: bytes, purpose: str, now: datetime, marked: Marked) -> bytes:
    """The challenge, where it is of ours, for this, and not too old. Raises NotThisKey."""
    told = answer[:-32]
    if len(told) <= 8 or not hmac.compare_digest(_mark(purpose, told, marked), answer[-32:]):
        raise NotThisKey("no challenge of ours")
    if int.from_bytes(told[:8], "big") <= now.timestamp():
        raise NotThisKey("too late")
    return answer


def _mark(purpose: str, told: bytes, marked: Marked) -> bytes:
    """One use of the key for all purposes, of which there is one a session: each use's own key is
    kept in memory."""
    return bytes.fromhex(marked("passkey", f"{purpose} {told.hex()}"))


def making(place: Place, account: str, name: str, asked: bytes, has: Sequence[Passkey]) -> str:
    """What a browser is asked to make one: JSON for `navigator.credentials.create`."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers import structs  # noqa: PLC0415 - same

    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=place.name,
        user_id=account.encode(),
        user_name=name,
        challenge=asked,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=_bytes(key.id)) for key in has
        ],
    )
    return webauthn.options_to_json(options)


def asking(place: Place, asked: bytes) -> str:
    """What a browser is asked to sign in with any, which asks its owner for a finger, a face or a
    PIN: JSON for `navigator.credentials.get`."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers import structs  # noqa: PLC0415 - same

    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=asked,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def challenge_in(answer: str) -> bytes:
    """The question that an answer is of, unproved. Raises NotThisKey."""
    try:
        told = _bytes(_object(answer)["response"]["clientDataJSON"])
        return _bytes(json.loads(told)["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise NotThisKey("no answer") from wrong


def id_in(answer: str) -> str:
    """The key that an answer is by, unproved. Raises NotThisKey."""
    told = _object(answer).get("id")
    if not isinstance(told, str) or not told or not (told.isascii() and told.isprintable()):
        raise NotThisKey("no id")
    return told


def made(place: Place, answer: str, asked: bytes) -> tuple[str, bytes, int]:
    """Id, public key and count of the one that was made. Raises NotThisKey."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - same

    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=asked,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, *BROKEN) as wrong:
        raise NotThisKey("not made") from wrong
    return _text(found.credential_id), found.credential_public_key, found.sign_count


def uses(place: Place, answer: str, asked: bytes, key: Passkey) -> int:
    """The key's new count, where the answer is right. Raises NotThisKey."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - same

    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=asked,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.uses,
            require_user_verification=True,
        ).new_sign_count
    except (WebAuthnException, *BROKEN) as wrong:
        raise NotThisKey("not right") from wrong


def _object(answer: str) -> dict[str, Any]:
    try:
        told = json.loads(answer) if len(answer) <= MOST_ANSWER else None
    except (ValueError, RecursionError) as wrong:
        raise NotThisKey("no JSON") from wrong
    if not isinstance(told, dict):
        raise NotThisKey("no object")
    return told


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(told: bytes) -> str:
    return base64.urlsafe_b64encode(told).decode().rstrip("=")
