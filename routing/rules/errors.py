"""What can be wrong with a rule set as a whole. The faults of written rules are in `document`."""

from routing.register import LANGUAGES


class RuleSetError(ValueError):
    """A rule set that cannot be published; the message names the rule, and `says` is it in every
    language."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.says = dict(zip(LANGUAGES, (zh, en), strict=True))
