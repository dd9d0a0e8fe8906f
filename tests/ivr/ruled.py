"""What an admin wrote, as a golden call has it: lines `rule`, `roster` and `quota`, each with JSON
behind it. The counterpart of `playbook`, which plays the call under it."""

import json
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from ivr.flow.world import Plan
from routing.rules.document import Written, compiled_rules, written
from routing.rules.guards import guards_of
from routing.rules.quota_document import read_quotas
from routing.rules.roster_document import read_rosters
from routing.rules.router import Router
from routing.rules.ruleset import special

RULED: Final = ("rule ", "roster ", "quota ")
ZONE: Final = ZoneInfo("Asia/Shanghai")


def ruled(line: str, plan: Plan) -> Plan:
    """The plan with one more rule (before the drawn ones), roster or quota."""
    kind, _, text = line.partition(" ")
    body: dict[str, Any] = json.loads(text)
    if kind == "rule":
        return _with_rule(body, plan)
    if kind == "roster":
        found = read_rosters(text, plan.directory, lambda _: ZONE)
        return replace(plan, rosters={**plan.rosters, **found})
    quotas = read_quotas(text, plan.directory)
    return replace(plan, quotas={**plan.quotas, **quotas})


def _with_rule(body: dict[str, Any], plan: Plan) -> Plan:
    whole = Written({**written("").rules, body["id"]: body}).to_text()
    rules = compiled_rules(whole, plan.directory, ZONE, plan.number)
    router = Router(rules, guards_of(plan.directory))
    return replace(plan, rules=router, special=special(rules))
