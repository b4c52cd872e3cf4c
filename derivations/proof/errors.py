"""What is wrong with a formula."""


class FormulaError(ValueError):
    """A formula that has no value: its shapes do not fit, or its letters are defined in a circle."""
