"""What a command of the gateway gives up at."""


class CannotListen(Exception):
    """The address cannot be listened on; the message is one line that says what to do."""


class CannotIndex(Exception):
    """The search index cannot be written; the message is one line that says what to do."""
