"""The error family of the embedded carrier.

LineError
├── UnreadableTwiml   (twiml_reader) a document that goes to the fallback URL
├── RestError         (rest_door) a REST request that is refused
├── PhoneRefusal      (handset) a phone asked for what cannot be done
└── PhoneClosed       (telephone) the server is gone
"""

from __future__ import annotations


class LineError(Exception):
    """Something the embedded carrier cannot do; the message says what to do about it."""
