"""Who may do what: the table denies whatever it does not allow."""

from routing.accounts.roles import MAY, OF_AN_OFFICE, Act, Role, may


def test_every_act_has_its_line_and_nobody_else_may() -> None:
    assert set(MAY) == set(Act)
    for role in Role:
        for act in Act:
            assert may(role, act) is (role in MAY[act])


def test_an_auditor_changes_nothing_but_their_own_account() -> None:
    allowed = {act for act in Act if may(Role.AUDITOR, act)}
    assert allowed == {Act.OWN_ACCOUNT, Act.READ_PLAN, Act.SEE_CALLS, Act.READ_AUDIT}


def test_whoever_is_of_an_office_sees_no_other() -> None:
    for role in OF_AN_OFFICE:
        assert {act for act in Act if may(role, act)} == {Act.OWN_ACCOUNT, Act.OWN_OFFICE}
