"""A story for a carrier with which its callers cannot do all that they did: what cannot come is
left out, and the story says so. It is a beginning; a person may tell a better one."""

from ivr.flow.world import Plan
from tests.ivr.playbook import StoryError, perform
from tests.ivr.wire import Wire


def retold(text: str, plan: Plan, way: Wire) -> str:
    """`text` as it plays with the carrier of `way`, without the events that it cannot bring. Raises
    StoryError for a story without a `call` line."""
    lines, reasons, at = text.splitlines(), list[str](), 0
    while at < len(lines):
        if lines[at].startswith("> ") and (why := _refused(lines[: at + 1], plan, way)):
            reasons.append(why)
            del lines[at]
        else:
            at += 1
    note = [f"# Not as elsewhere: {reasons[0]}; what cannot come is left out."] if reasons else []
    return perform("\n".join([*note, *lines]), plan, _anew(way))


def _refused(lines: list[str], plan: Plan, way: Wire) -> str:
    """Why the last event of these cannot come; "" where it can."""
    try:
        perform("\n".join(lines), plan, _anew(way))
    except StoryError as wrong:
        return str(wrong).partition(";")[0]
    return ""


def _anew(way: Wire) -> Wire:
    """A wire on which nothing has gone yet."""
    return Wire(way.profile, sounds=way.sounds)
