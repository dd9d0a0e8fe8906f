"""What a server says as it begins."""

import pytest

from deployment.settings import Settings
from deployment.welcome import READY, ready, welcome


def test_the_pages_are_named_where_they_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    welcome(Settings(port=8081), 81)
    shown = capsys.readouterr().out
    welcome(Settings(port=8081, demo=False), 81)
    hidden = capsys.readouterr().out

    for path in ("/phone", "/desk", "/ledger", "/undelivered"):
        assert f"http://127.0.0.1:8081{path}\n" in shown
    assert "81 published numbers at http://127.0.0.1:8081" in hidden
    assert "/phone" not in hidden
    for path in ("/desk", "/ledger", "/undelivered"):
        assert f"http://127.0.0.1:8081{path}\n" in hidden


@pytest.mark.parametrize(("token", "said"), [("", True), ("0123456789abcdef", False)])
def test_a_page_that_nobody_may_see_is_said_to_want_a_token(
    capsys: pytest.CaptureFixture[str], token: str, said: bool
) -> None:
    welcome(Settings(public_url="https://phone.example", metrics_token=token), 81)

    assert ("until ZHITONG_METRICS_TOKEN is set" in capsys.readouterr().out) is said


def test_a_worker_tells_only_the_one_that_started_it(capsys: pytest.CaptureFixture[str]) -> None:
    ready(81)
    assert capsys.readouterr().out == f"{READY}81\n"
