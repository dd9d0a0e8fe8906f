"""Why a matter goes where it goes: each rule that did not apply and why, then the decision. Made of
the same `check` objects as the router, when a page asks (design §4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from routing.register import Names
from routing.rules.condition import Facts, Failed
from routing.rules.router import Decision, Router, decision_of, guarded
from routing.rules.ruleset import How, Rule
from routing.rules.wording import Wording, both, names_of


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that stands before the one that applied, and every condition of it that failed; none
    where it is switched off."""

    rule: Rule
    failed: tuple[Failed, ...]

    @property
    def near(self) -> bool:
        """Whether one single condition kept it from deciding."""
        return len(self.failed) == 1


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a decision came about. `first` is what the rule that applied says, `decision` what
    stands: another where no rule may send a complaint there (`guards`)."""

    refused: tuple[Refused, ...]
    rule: Rule
    first: Decision
    decision: Decision

    @property
    def overridden(self) -> bool:
        """Whether what the rule says does not stand."""
        return self.first.office != self.decision.office

    @property
    def near(self) -> tuple[Refused, ...]:
        """The rules that all but applied."""
        return tuple(refused for refused in self.refused if refused.near)

    def lines(self, wording: Wording) -> Iterator[Names]:
        """A sentence for each rule that was passed over, and last the decision."""
        for refused in self.refused:
            yield refused_line(refused, wording)
        if self.overridden:
            yield _overridden(self, wording)
        yield decided_line(self, wording)


def explain(router: Router, facts: Facts) -> Explanation:
    """The explanation of what `router.decide` answers. Raises LookupError where no rule applies,
    as that does."""
    refused: list[Refused] = []
    for rule in router.rules.rules:
        if not rule.enabled:
            refused.append(Refused(rule, ()))
            continue
        results = (condition.check(facts) for condition in rule.when)
        failed = tuple(result for result in results if isinstance(result, Failed))
        if not failed:
            first = decision_of(rule, router.rules.version)
            return Explanation(tuple(refused), rule, first, guarded(first, facts, router.guards))
        refused.append(Refused(rule, failed))
    raise LookupError("a rule set without an unconditional rule was explained")


def refused_line(refused: Refused, wording: Wording) -> Names:
    """Why a rule did not apply."""
    name = names_of(refused.rule.name)
    if not refused.failed:
        return both(f"规则“{name['zh-CN']}”已停用。", f"Rule “{name['en']}” is switched off.")
    why = [wording.failed(failed) for failed in refused.failed]
    zh, en = "；".join(one["zh-CN"] for one in why), "; ".join(one["en"] for one in why)
    return both(
        f"规则“{name['zh-CN']}”不适用：{zh}。", f"Rule “{name['en']}” does not apply: {en}."
    )


def decided_line(explanation: Explanation, wording: Wording) -> Names:
    """Where the matter goes, and by which rule."""
    decision = explanation.decision
    office, how = wording.office(decision.office), HOWS[decision.how]
    sealed = both("，来电人身份保密", ", and the caller's identity is kept confidential")
    hidden = sealed if decision.confidential else both("", "")
    if explanation.overridden:
        return both(
            f"因此交由{office['zh-CN']}，{how['zh-CN']}{hidden['zh-CN']}。",
            f"So it goes to {office['en']}, {how['en']}{hidden['en']}.",
        )
    name = names_of(explanation.rule.name)
    return both(
        f"规则“{name['zh-CN']}”适用：交由{office['zh-CN']}，{how['zh-CN']}{hidden['zh-CN']}。",
        f"Rule “{name['en']}” applies: it goes to {office['en']}, {how['en']}{hidden['en']}.",
    )


def _overridden(explanation: Explanation, wording: Wording) -> Names:
    name, office = names_of(explanation.rule.name), wording.office(explanation.first.office)
    return both(
        f"规则“{name['zh-CN']}”本应交由{office['zh-CN']}，但投诉举报不能交给被反映的一方，"
        "反映干部问题的只能交由纪检监察机关，因此不按这条规则办理。",
        f"Rule “{name['en']}” would send it to {office['en']}; but a complaint never goes "
        "to whom it may be about, and wrongdoing goes to the discipline office alone.",
    )


HOWS = {
    How.PUT_THROUGH: both("为来电人接通", "and the caller is put through"),
    How.CASE_ONLY: both("只登记，不接通", "as a case; nobody is rung"),
    How.MESSAGE: both("请来电人留言", "and the caller leaves a message"),
    How.ANNOUNCEMENT: both("播放通知", "and the caller hears an announcement"),
    How.TRANSFER: both("转接公共服务号码", "and the caller is passed on to a public service"),
}
