"""The log says aloud how much did not arrive, whenever that changes."""

from structlog.testing import capture_logs

from deployment.undelivered import Aloud
from tests.routing.web.undelivered.test_page import MAIL, TEXT, Kept


async def test_each_change_is_one_line() -> None:
    kept = Kept()
    aloud = Aloud(kept)
    with capture_logs() as said:
        for rows in ([], [MAIL, TEXT], [MAIL, TEXT], [TEXT], []):
            kept.rows = [*rows]
            await aloud.run()

    assert said == [
        {"event": "undelivered", "log_level": "error", "many": 2, "sms": 1, "tell_office": 1},
        {"event": "undelivered", "log_level": "error", "many": 1, "sms": 1},
        {"event": "undelivered", "log_level": "info", "many": 0},
    ]
