"""Cases, their callers (erasable), audit, recordings, transcripts and the tries of a PIN."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from storage.tables.base import METADATA, Instant

cases = Table(
    "cases",
    METADATA,
    Column("reference", String(8), primary_key=True),
    Column("call_id", String(64), ForeignKey("calls.id"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("pin_digest", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("about", String(16)),
    Column("topic", String(32)),
    Column("topic_group", Integer),  # the topic menu's first key, as the rules were asked
    Column("kind_said", Boolean, nullable=False, server_default=true()),  # else filed as an enquiry
    Column("district", String(64), nullable=False),
    Column("office", String(64), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("confidentiality", String(16), nullable=False),
    Column("state", String(24), nullable=False),
    Column("dialled", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    Column("danger", Boolean, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("group_of", String(8)),  # the caller's earlier case of the same office
    UniqueConstraint("call_id", "turn"),  # the matter
    Index("ix_cases_office_opened", "office", "opened"),
)

case_callers = Table(
    "case_callers",
    METADATA,
    Column("reference", String(8), ForeignKey("cases.reference"), primary_key=True),
    Column("number", LargeBinary, nullable=False),  # encrypted
    Column("digest", String(64), nullable=False),  # keyed, for matching
    Column("tail", String(2), nullable=False),
    Column("opened", Instant, nullable=False),
    Index("ix_case_callers_digest_opened", "digest", "opened"),
)

case_sortings = Table(
    "case_sortings",
    METADATA,
    Column("reference", String(8), ForeignKey("cases.reference"), primary_key=True),
    Column("why", String(16)),  # a Doubt: a person has to sort it; NULL: it is sorted
    Column("topics", Text, nullable=False),  # named in its words, a space between two
    Column("recording", String(64), nullable=False),  # whose words, "" where a person said so
    Column("source", String(32), nullable=False),
    Column("plan", Integer),  # whose rules have sorted it
    Column("came_from", String(64)),  # the office that had it before, where that moved it
    Column("at", Instant, nullable=False),
)

case_moves = Table(
    "case_moves",
    METADATA,
    Column("reference", String(8), ForeignKey("cases.reference"), primary_key=True),
    Column("number", Integer, primary_key=True),  # a case's moves from 1: two at once cannot be
    Column("way", String(16), nullable=False),
    Column("before", String(64), nullable=False),  # an office
    Column("after", String(64), nullable=False),  # the same one where it only learned its topic
    Column("topic", String(32)),
    Column("reason", String(16)),  # why it was returned
    Column("at", Instant, nullable=False),
)

case_events = Table(
    "case_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("reference", String(8), ForeignKey("cases.reference"), nullable=False),
    Column("from_state", String(24)),
    Column("to_state", String(24), nullable=False),
    Column("actor", String(16), nullable=False),
    Column("note", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_case_events_reference", "reference"),
)

recordings = Table(
    "recordings",
    METADATA,
    Column("sid", String(64), primary_key=True),
    Column("call_id", String(64), ForeignKey("calls.id"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("url", String(2048)),
    Column("seconds", Integer, nullable=False),
    Column("reference", String(8)),
    Column("language", String(8)),
    Column("audio", String(16), nullable=False),  # announced, kept, gone
    Column("at", Instant, nullable=False),
    Index("ix_recordings_reference", "reference"),
    Index("ix_recordings_audio_at", "audio", "at"),
    Index("ix_recordings_call_id_turn", "call_id", "turn"),
)

transcripts = Table(
    "transcripts",
    METADATA,
    Column("recording", String(64), primary_key=True),
    Column("source", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("confidence", Float),  # of the phrase that is least sure, 0 to 1
    Column("phrases", Text),  # JSON: length and confidence of each, a space between two
    Column("at", Instant, nullable=False),
)

corrections = Table(
    "corrections",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("recording", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(40), nullable=False),  # a post, as it was typed
    Column("at", Instant, nullable=False),
    Index("ix_corrections_recording", "recording"),
    Index("ix_corrections_at", "at"),
)

tries = Table(
    "tries",
    METADATA,
    Column("call_id", String(64), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("caller", String(64), nullable=False),  # keyed digest; one bucket where withheld
    Column("reference", String(64), nullable=False),  # keyed digest
    Column("day", String(10), nullable=False),
    Column("hit", Boolean, nullable=False),
    Index("ix_tries_day_caller", "day", "caller"),
    Index("ix_tries_day_reference", "day", "reference"),
)

pin_sends = Table(
    "pin_sends",
    METADATA,
    Column("reference", String(8), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("at", Instant, nullable=False),
)
