"""Who may do what: the table denies whatever it does not allow."""

from routing.accounts.roles import MAY, Act, Actor, Role, may


def test_every_act_has_its_line_and_nobody_else_may() -> None:
    assert set(MAY) == set(Act)
    for role in Role:
        for act in Act:
            assert may(role, act) is (role in MAY[act])


def test_an_auditor_changes_nothing_but_their_own_account() -> None:
    allowed = {act for act in Act if may(Role.AUDITOR, act)}
    reads = {Act.READ_PLAN, Act.SEE_CALLS, Act.READ_AUDIT, Act.ALL_OFFICES}
    assert allowed == {Act.OWN_ACCOUNT, *reads}


def test_whoever_is_of_an_office_sees_no_other() -> None:
    both = {Act.OWN_ACCOUNT, Act.OWN_OFFICE, Act.HEAR_CALLERS}
    for role, more in ((Role.OFFICE, {Act.HANDLE_CASES}), (Role.OFFICIAL, {Act.OWN_LINE})):
        assert {act for act in Act if may(role, act)} == both | more
        assert Actor("a", "wang", role, "市水利局").opens("市水利局")
        assert not Actor("a", "wang", role, "市水利局").opens("市公安局")
        assert not Actor("a", "wang", role).opens("")
