"""What was ordered in a hurry stays when an earlier plan comes back: a closure order or a suspended
number must not end because somebody undid a rule."""

from collections.abc import Sequence
from typing import Final

from routing.drafts.body import in_parts, with_fields
from routing.drafts.change import Edit
from routing.drafts.document import SETTING, compose, differences
from routing.drafts.kinds import KINDS, Document
from routing.publishing.seconds import puts_on

FOLLOWING = ("shipped", "calendar", "area", "zone", "policy")
"""Parts of a body that are the version's and the deployment's, not an admin's."""


MOST_QUICK: Final = 100
"""Changes made in a hurry that a way back leads past: two bodies are read for each."""


def following(document: Document, ours: Document) -> Document:
    """An admin's plan with the words, calendar and settings of this version and deployment."""
    return with_fields(document, {name: ours[name] for name in FOLLOWING if name in ours})


def came_back(old: Document, newest: Document, stays: Sequence[Edit]) -> Document:
    """An earlier body, over the newest. `stays` is what was done in a hurry since (`what_stays`);
    and no number comes onto the list, which keeps its gates."""
    body = following(old, newest)
    listed = [
        Edit(found.kind, found.key, found.old, None, 0)
        for found in differences(newest, compose(body, stays), _NUMBERS)
        if puts_on(found)
    ]
    return in_parts(compose(body, [*stays, *listed]))


_NUMBERS = {"number": KINDS["number"]}


def what_stays(before: Document, after: Document, newest: Document) -> Sequence[Edit]:
    """What a plan that was published in a hurry changed, from the body before it, and nobody
    changed again."""
    changed = [found for found in differences(before, after) if found.kind != SETTING]
    now = {kind: KINDS[kind].read(newest) for kind in {found.kind for found in changed}}
    return [
        Edit(found.kind, found.key, found.new, None, 0)
        for found in changed
        if now[found.kind].get(found.key) == found.new
    ]
