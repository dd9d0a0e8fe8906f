"""Of which cases it is noted who hears or reads what the caller said: a caller who complains or
reports must be able to trust that nobody looked who had no business there (hotline §1.6)."""

from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind


def is_noted(kind: Kind | None, about: About | None, level: Confidentiality) -> bool:
    """Every report; every complaint but of a business or a private person; and whatever a caller
    said who does not want to be known, since a voice tells who it is."""
    accuses = kind is Kind.REPORT or (kind is Kind.COMPLAINT and about is not About.BUSINESS)
    return accuses or about is About.MISCONDUCT or level is not Confidentiality.NAMED
