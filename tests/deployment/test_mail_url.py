"""What can be said of SMTP_URL before a mail server is asked, and what is never repeated of it."""

import pytest

from deployment.mail_url import fault_of, relay_of
from routing.delivery.relay import Relay, Security


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        (
            "smtps://line:hu%40sh%2F@mail.example.gov.cn",
            Relay("mail.example.gov.cn", 465, Security.TLS, "line", "hu@sh/"),
        ),
        (
            "smtp://line%40city.example:hush@mail.example",
            Relay("mail.example", 587, Security.STARTTLS, "line@city.example", "hush"),
        ),
        ("smtp://mail.example:2525/", Relay("mail.example", 2525, Security.STARTTLS)),
        ("smtp://127.0.0.1:25", Relay("127.0.0.1", 25, Security.NONE)),
        ("smtp://[::1]:25", Relay("::1", 25, Security.NONE)),
        ("smtps://localhost", Relay("localhost", 465, Security.TLS)),
    ],
)
def test_what_an_address_means(url: str, relay: Relay) -> None:
    assert fault_of(url) == ""
    assert relay_of(url) == relay
    assert "hu" not in repr(relay_of(url))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mail.example", "must look like"),
        ("http://line:hush@mail.example", "must look like"),
        ("smtps://line:hu@sh@mail.example", "write @ as %40"),
        ("smtps://line:hu/sh@mail.example", "/ as %2F"),
        ("smtps://line:hu#sh@mail.example", "# as %23"),
        ("smtps://mail.example?tls=no", "must be escaped"),
        ("smtps://line:hush@mail.example\r\nRCPT", "signs that no address has"),
        ("smtps://line:hush @mail.example", "signs that no address has"),
        ("smtps://line:密码@mail.example", "signs that no address has"),
        ("smtps://line:hu:sh@mail.example:many", "no number"),
        ("smtps://line:hush@mail.example:70000", "no number"),
        ("smtps://line:hush@mail.example:0", "no number"),
        ("smtps://line:hush@[::1", "no number"),
        ("smtps://line:hush@", "names no mail server"),
        ("smtps://line@mail.example", "user and password, or neither"),
        ("smtps://:hush@mail.example", "user and password, or neither"),
    ],
)
def test_a_fault_says_what_to_write_and_repeats_nothing(url: str, says: str) -> None:
    fault = fault_of(url)

    assert says in fault
    assert "hu" not in fault
    assert "line:" not in fault
