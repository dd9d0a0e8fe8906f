"""A case's states and levels of confidentiality, as the field names them (hotline §1.2, §1.6)."""

from enum import StrEnum
from typing import Final


class CaseState(StrEnum):
    """Where a case stands. The last four are ends."""

    RECEIVED = "received"  # 已登记
    TRIAGE = "triage"  # 待分办
    DISPATCHED = "dispatched"  # 待签收
    IN_PROGRESS = "in_progress"  # 办理中
    RETURN_REQUESTED = "return_requested"  # 申请退单
    AWAITING_CALLER = "awaiting_caller"  # 待补充
    ANSWERED = "answered"  # 已答复待审
    CALLBACK = "callback"  # 待回访
    LONG_TERM = "long_term"  # 挂账
    CLOSED = "closed"  # 办结
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    MERGED = "merged"  # 已并单
    WITHDRAWN = "withdrawn"  # 已撤回


ENDS = frozenset({CaseState.CLOSED, CaseState.NOT_ACCEPTED, CaseState.MERGED, CaseState.WITHDRAWN})


ANSWERED: Final = ENDS | {CaseState.ANSWERED, CaseState.CALLBACK, CaseState.LONG_TERM}
"""Nobody waits for the office: the caller has its answer, or a plan with a day."""


class Confidentiality(StrEnum):
    """How much of the caller is known to the office."""

    NAMED = "named"
    CONFIDENTIAL = "confidential"  # identity sealed
    ANONYMOUS = "anonymous"  # no number is stored
