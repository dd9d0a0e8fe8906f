"""What can be wrong with a rule set as a whole. The faults of written rules are in `document`."""


class RuleSetError(ValueError):
    """A rule set that cannot be published; the message names the rule."""
