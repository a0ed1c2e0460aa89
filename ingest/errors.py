"""What keeps an import from running at all. A row that cannot be read is no error: it stands in the report."""


class ImportFailed(Exception):
    """The import did not run; `code` is stable, the text says what to do."""

    code = "IMPORT_FAILED"


class SourceNotFound(ImportFailed):
    """Nothing is at the path: give a folder or an archive of Synthea's CSV files."""

    code = "SOURCE_NOT_FOUND"


class SourceUnreadable(ImportFailed):
    """What is at the path is no set of Synthea CSV files, or is damaged."""

    code = "SOURCE_UNREADABLE"


class ImportRunning(ImportFailed):
    """Another import into this database is running: wait until it has ended."""

    code = "IMPORT_RUNNING"

    def __init__(self) -> None:
        super().__init__("another import into this database is running: wait until it has ended")
