"""What can be said of BOUNCES_URL before a mailbox is looked into, and what is never repeated of
it."""

import pytest

from deployment.imap_url import box_of, fault_of
from routing.delivery.mailbox import Box


@pytest.mark.parametrize(
    ("url", "box"),
    [
        (
            "imaps://line:hu%40sh%2F@mail.example.gov.cn/INBOX",
            Box("mail.example.gov.cn", 993, True, "line", "hu@sh/"),
        ),
        (
            "imaps://line%40city.example:hush@mail.example:9993/Bounces%2F2026",
            Box("mail.example", 9993, True, "line@city.example", "hush", "Bounces/2026"),
        ),
        ("imap://line:hush@127.0.0.1", Box("127.0.0.1", 143, False, "line", "hush")),
    ],
)
def test_what_an_address_means(url: str, box: Box) -> None:
    assert fault_of(url) == ""
    assert box_of(url) == box
    assert "hu" not in repr(box_of(url))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mail.example", "must look like"),
        ("https://line:hush@mail.example", "must look like"),
        ("imaps://mail.example/INBOX", "must look like"),
        ("imaps://line:hu@sh@mail.example", "write @ as %40"),
        ("imaps://line:hush@mail.example/a/b", "must look like"),
        ("imaps://line:hush@mail.example?tls=no", "must look like"),
        ("imaps://line:hush @mail.example", "signs that no address has"),
        ("imaps://line:密码@mail.example", "signs that no address has"),
        ("imaps://line:hush@mail.example:many", "no number"),
        ("imaps://line:hush@mail.example:70000", "no number"),
        ("imaps://line:hush@mail.example:0", "no number from 1 to 65535"),
        ("imaps://line:hush@", "names no mail server"),
        ("imaps://line@mail.example", "needs user and password"),
        ("imap://line:hush@mail.example", "write imaps://"),
        ("imaps://line:hu%0D%0Ash@mail.example", "IMAP does not take"),
        ("imaps://line:%E5%AF%86@mail.example", "IMAP does not take"),
        ("imaps://line:hush@mail.example/IN%0D%0ABOX", "IMAP does not take"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(url: str, says: str) -> None:
    assert says in fault_of(url)
    assert "hu@sh" not in fault_of(url)
    assert "hush" not in fault_of(url)
