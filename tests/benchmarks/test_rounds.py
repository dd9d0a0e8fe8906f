import pytest

from benchmarks.caller import checks
from benchmarks.rounds import Line, answered, judged, ratio


def line(rate: list[float], cpu: list[float], beside: list[float]) -> Line:
    return Line("steps", checks, [1.0, *rate], [1.0, *cpu], [1.0, *beside])


def test_a_ratio_is_the_median_of_rounds_without_the_one_that_warms_up() -> None:
    ours = line([200, 400, 90], [50, 50, 50], [50, 0, 50])
    other = line([100, 100, 100], [100, 150, 400], [0, 0, 0])

    found = ratio(ours, other)

    assert (found.rate, found.cpu, found.with_database) == (2.0, 3.0, 3.0)
    assert (found.worst, found.dearest) == (2.0, 3.0)


def test_growth_is_the_small_against_the_great() -> None:
    small, great = line([100], [50], [50]), line([80], [55], [75])

    assert ratio(small, great).dearest == pytest.approx(1.3)


def test_a_goal_is_met_at_its_bound(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged("rate", 0.6, 0.6, least=True)
    assert not judged("rate", 0.59, 0.6, least=True)
    assert judged("growth", 1.3, 1.3, least=False)
    assert not judged("growth", 1.31, 1.3, least=False)
    assert capsys.readouterr().out.count("missed") == 2


def test_figures_do_not_count_where_a_webhook_was_not_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, cut = line([100], [50], [0]), line([100], [50], [0])
    cut.failed = 2

    assert answered([whole, whole])
    assert not answered([whole, cut])
    assert "2 webhooks were not answered" in capsys.readouterr().out
