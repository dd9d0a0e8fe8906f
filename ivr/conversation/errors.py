"""Why a webhook cannot be answered as a turn.

ConversationError
├── UnknownCall    there is no such call, turn or leg
├── ForeignCall    it is of another account or another call
├── FutureTurn     it comes before its document was handed out
├── ForgottenTurn  it comes after its reply was forgotten
└── Unsettled      ours: it may be tried again
"""


class ConversationError(Exception):
    """A webhook that cannot be answered as a turn; the message says why."""


class UnknownCall(ConversationError):
    """No call has this id."""


class ForeignCall(ConversationError):
    """The account or the call's id at the carrier is not the one that this call began with."""


class FutureTurn(ConversationError):
    """The turn has not been handed out yet."""


class ForgottenTurn(ConversationError):
    """The turn's reply is no longer kept (an hour after the end of its call)."""


class Unsettled(ConversationError):
    """The step could not be made unique or complete within its bounds."""
