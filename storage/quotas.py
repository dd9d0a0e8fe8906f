"""Tokens of officials' live calls: which are free, and the statements that take and return one.
Used by `answers`, which looks, and by `effects`, which takes, in the step's own transaction."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final
from zlib import crc32

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, or_, select

from ivr.flow.effect import ReturnToken, TakeToken
from routing.rules.quota import Bucket
from storage.beneath import Read
from storage.tables.calls import call_ends, leg_answers, tokens
from storage.writes import TAKE_TOKEN, Write


def accepted() -> ColumnElement[bool]:
    """Whether somebody took the call that took the token."""
    return exists().where(
        leg_answers.c.call_id == tokens.c.call_id,
        leg_answers.c.turn == tokens.c.turn,
        leg_answers.c.accepted.is_(True),
    )


def _idle(call: Any) -> ColumnElement[bool]:
    """Taken by a call in which nobody took it: this one's own earlier ring, or a call that is over
    and never told how the ringing ended."""
    over = exists().where(call_ends.c.call_id == tokens.c.call_id)
    return and_(~accepted(), or_(over, tokens.c.call_id == call))


IN_USE: Final = Read(
    select(tokens.c.number).where(
        tokens.c.official == bindparam("official"),
        tokens.c.bucket == bindparam("bucket"),
        ~_idle(bindparam("call")),
    )
)


def free_token(bucket: Bucket, used: Collection[int], call: str, turn: int) -> int | None:
    """A token of the bucket that nobody uses, None where there is none. Calls that ask at the same
    time are told different ones where there are several, so that they seldom meet. What was taken
    while a plan had more of them counts by its number, too."""
    left = max(bucket.tokens - len(used), 0)
    free = [number for number in range(bucket.tokens) if number not in used][:left]
    return free[crc32(f"{call} {turn}".encode()) % len(free)] if free else None


def taking(call: str, at: datetime, token: TakeToken) -> Iterator[Write]:
    """Takes it, unless another call has: then the insertion fails, and the step with it."""
    mine = (
        tokens.c.official == token.official,
        tokens.c.bucket == token.key,
        tokens.c.number == token.number,
    )
    yield Write(delete(tokens).where(*mine, _idle(call)))
    row = {
        "official": token.official,
        "bucket": token.key,
        "number": token.number,
        "call_id": call,
        "turn": token.turn,
        "at": at,
    }
    yield Write(TAKE_TOKEN, row)


def returning(call: str, token: ReturnToken) -> Write:
    """Gives it back, unless somebody took the call after all."""
    mine = (tokens.c.call_id == call, tokens.c.turn == token.turn)
    return Write(delete(tokens).where(*mine, ~accepted()))
