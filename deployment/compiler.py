"""Bodies into plans, each once in a process: a publication is reviewed and then taken into use, and
of a large plan only the rules are read that the one before had otherwise (ADR 45, 50). What
`ivr.library.plans` makes of inputs, kept for the next who asks; the same for whoever asks."""

from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Final

from ivr.flow.world import Plan
from ivr.library.plans import Inputs, compile_plan
from routing.drafts.body import CutBody
from routing.drafts.kinds import Document
from routing.register import Directory
from routing.rules.remembered import Remembered
from routing.rules.router import Router


@dataclass(frozen=True, slots=True)
class _Compiled:
    document: Document
    today: date
    plan: Plan


class Compiler:
    """The plan that was compiled last, where it is small, and the rules that were read last of a
    large one. May be asked by several threads."""

    def __init__(self) -> None:
        self._last: _Compiled | None = None
        self._remembered = Remembered()

    def plan(self, document: Document, number: int, today: date) -> Plan:
        """The plan of a body, with the open hours from `today` on. Raises as `compile_plan`."""
        if isinstance(document, CutBody):
            return self._large(document, number, today)
        last = self._last  # as a whole: another thread may put its own in place meanwhile
        if last is None or (last.today, last.document) != (today, document):
            last = _Compiled(document, today, compile_plan(Inputs.of(document), number, today))
            self._last = last
        return numbered(last.plan, number)

    def _large(self, body: CutBody, number: int, today: date) -> Plan:
        def read(_: str, directory: Directory, zone: tzinfo, version: int) -> Router:
            return self._remembered.router(body.parts, directory, zone, version)

        return compile_plan(Inputs.of(body.rest), number, today, read=read)


def numbered(plan: Plan, number: int) -> Plan:
    """The same plan under another number, which its decisions carry."""
    if plan.number == number:
        return plan
    return replace(plan, number=number, rules=plan.rules.numbered(number))


COMPILER: Final = Compiler()
"""This process's."""
