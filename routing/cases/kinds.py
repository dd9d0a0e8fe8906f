"""The kinds of matters and whom a complaint is about (design §4, Routing)."""

from enum import StrEnum


class Kind(StrEnum):
    """What the caller wants."""

    ENQUIRY = "enquiry"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议


class About(StrEnum):
    """Whom a complaint is about; an official's conduct makes it a report."""

    THIS_OFFICE = "this_office"
    OTHER_OFFICE = "other_office"
    BUSINESS = "business"
    MISCONDUCT = "misconduct"
