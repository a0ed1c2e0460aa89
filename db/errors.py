"""What can go wrong between the gateway and PostgreSQL, as callers see it."""


class DatabaseError(Exception):
    """The database did not answer as it should."""


class DatabaseUnavailable(DatabaseError):
    """PostgreSQL cannot be reached, or every connection stayed busy: try again."""


class DeadlineExceeded(DatabaseError):
    """A statement ran longer than it may."""


class FilterTooBroad(DatabaseError):
    """No index serves this filter within a bounded read; `hint` says what would be served."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint
