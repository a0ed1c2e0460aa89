"""What keeps a gateway from starting."""


class CannotListen(Exception):
    """The address cannot be listened on; the message is one line that says what to do."""
