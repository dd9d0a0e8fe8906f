"""What an operator is told, sentence by sentence."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from deployment.carrier_findings import (
    Level,
    Told,
    changes_of,
    none_of_ours,
    not_the_accounts,
    of_addresses,
    of_clock,
    of_knocks,
    of_numbers,
    shown,
)
from ivr.carrier.knock import Heard, Way
from ivr.carrier.numbers import NumberRow, Setting
from ivr.carrier.trouble import Trouble

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AC = "AC" + "a" * 32
HTTPS = "https://phone.example"
WANTED = {
    Setting.VOICE_URL: f"{HTTPS}/voice/answer#rc=2",
    Setting.VOICE_METHOD: "POST",
    Setting.STATUS_URL: f"{HTTPS}/voice/status#rc=2",
}


def said(*told: Told) -> str:
    return "\n".join(map(str, told))


@pytest.mark.parametrize(
    ("carrier", "base", "rest", "account", "says"),
    [
        ("twilio", HTTPS, "https://api.twilio.com", AC, ""),
        ("local", "http://127.0.0.1:8080", "http://127.0.0.1:8080/line", "x", ""),
        ("twilio", "http://localhost", "https://api.twilio.com", AC, "no carrier outside"),
        ("twilio", "https://192.168.3.4", "https://api.twilio.com", AC, "no carrier outside"),
        ("twilio", "https://a_b.example", "https://api.twilio.com", AC, "underscore"),
        ("twilio", "http://phone.example", "https://api.twilio.com", AC, "is not https: what"),
        ("somleng", HTTPS, "http://somleng.example", "uuid", "AUTH_TOKEN travels openly"),
        ("twilio", HTTPS, "https://api.twilio.com", "AC123", "32 hexadecimal"),
    ],
)
def test_what_is_seen_without_asking(
    carrier: str, base: str, rest: str, account: str, says: str
) -> None:
    told = of_addresses(carrier, base, rest, account)
    assert says in said(*told)
    assert bool(told) is bool(says)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "ok:"),
        (30, "ok:"),
        (-30, "ok:"),
        (31, "finding: this machine's clock is 31 s ahead of"),
        (-3600, "finding: this machine's clock is 3600 s behind"),
    ],
)
def test_clocks(seconds: int, says: str) -> None:
    assert str(of_clock(NOW, NOW + timedelta(seconds=seconds))).startswith(says)
    assert of_clock(None, NOW).level is Level.NOTE


def row(number: str, **told: str) -> NumberRow:
    settings = {**WANTED, **{Setting[name]: value for name, value in told.items()}}
    return NumberRow(f"PN{number}", number, settings)


def test_numbers_with_the_same_fault_share_a_sentence() -> None:
    rows = [row("+1"), row("+2", VOICE_URL="https://old.example/v"), row("+3")]
    rows += [row("+4", VOICE_METHOD="GET"), row("+5", VOICE_METHOD="GET"), row("+6", STATUS_URL="")]
    assert said(*of_numbers(rows, WANTED)) == "\n".join(
        (
            f"finding: +2: VoiceUrl is https://old.example/v, not {HTTPS}/voice/answer#rc=2",
            "finding: +4 and 1 more: VoiceMethod is GET, not POST",
            f"finding: +6: StatusCallback is empty, not {HTTPS}/voice/status#rc=2",
            "ok: +1 and 1 more: set as it must be",
        )
    )


def test_a_missing_retry_override_is_named() -> None:
    told = of_numbers([row("+1", VOICE_URL=f"{HTTPS}/voice/answer")], WANTED)
    assert "VoiceUrl must end in #rc=2, which asks for patience and retries" in said(*told)
    plain = {Setting.VOICE_URL: f"{HTTPS}/voice/answer"}
    assert "which this carrier does not know" in said(*of_numbers([row("+1")], plain))


def test_trunks_and_applications_win_over_addresses() -> None:
    trunk = row("+1", TRUNK="TK1", VOICE_URL="")
    application = row("+2", APPLICATION="AP1")
    told = said(*of_numbers([trunk, application], WANTED))
    assert told.count("finding") == 2
    assert "+1: belongs to a trunk" in told
    assert "+2: belongs to an application" in told
    assert changes_of(application, WANTED) == {Setting.APPLICATION: ""}


def test_only_what_differs_is_changed() -> None:
    assert changes_of(row("+1"), WANTED) == {}
    changed = changes_of(row("+1", VOICE_METHOD="GET"), WANTED)
    assert changed == {Setting.VOICE_METHOD: "POST"}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("https://user:pass@old.example/v", "https://…@old.example/v"),
        ("https://old.example/v?token=abc#rc=1", "https://old.example/v?…#rc=1"),
        ("", "empty"),
    ],
)
def test_a_strangers_setting_is_shown_without_its_secrets(found: str, told: str) -> None:
    assert shown(found) == told


def knocks(hard: Heard, plain: Heard | None = None, unsigned: int = 403) -> Mapping[Way, Heard]:
    return {Way.HARD: hard, Way.PLAIN: plain or hard, Way.UNSIGNED: Heard(unsigned)}


@pytest.mark.parametrize(
    ("heard", "says"),
    [
        (knocks(Heard(204)), "ok: a webhook signed"),
        (knocks(Heard(204), unsigned=204), "takes a webhook that nobody signed"),
        (knocks(Heard(403), Heard(204)), "a proxy before this server rewrites"),
        (knocks(Heard(403, "the signature does not match")), "another AUTH_TOKEN"),
        (knocks(Heard(403, "answers for another account")), "another ACCOUNT_SID"),
        (knocks(Heard(404)), "leads past this server"),
        (knocks(Heard(301)), "PUBLIC_URL redirects"),
        (knocks(Heard(502)), "answered 502"),
        (knocks(Heard(trouble=Trouble.TLS)), "certificate is not trusted"),
        (knocks(Heard(trouble=Trouble.UNREACHED)), "cannot be reached from this machine"),
        (knocks(Heard(trouble=Trouble.SLOW)), "cannot be reached from this machine"),
        (knocks(Heard(trouble=Trouble.NAME)), "has no address in DNS: check its spelling"),
        (knocks(Heard(trouble=Trouble.ODD)), "check http or https, and port"),
    ],
)
def test_our_own_door(heard: Mapping[Way, Heard], says: str) -> None:
    assert says in str(of_knocks(heard))


def test_numbers_that_are_not_ours_lead_to_the_next_step() -> None:
    assert "get one in the carrier's console" in str(none_of_ours([]))
    told = str(none_of_ours(["+1", "+2", "+3", "+4"]))
    assert "(+1, +2, +3, …)" in told
    assert "`check carrier --number +1`, with --set" in told
    told = str(not_the_accounts("+9", 4))
    assert told.startswith("finding: the account has no number +9, but 4 others: write it as")
