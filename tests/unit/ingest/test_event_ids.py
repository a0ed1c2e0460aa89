from uuid import NAMESPACE_URL, UUID, uuid5

from ingest.event_ids import event_id


def test_an_id_is_the_standard_uuid5_of_what_it_stands_for() -> None:
    namespace = uuid5(NAMESPACE_URL, "urn:anamnesis:synthea")
    for ordinal in range(200):
        name = f"OBSERVATION|patient|encounter|8302-2|2014-03-08T09:31:55Z|{ordinal}"
        own = event_id("OBSERVATION", "patient", "encounter", "8302-2", "2014-03-08T09:31:55Z", False, ordinal)
        assert UUID(own) == uuid5(namespace, name)


def test_ids_never_change() -> None:
    """A changed id would make every event of an earlier import a second one."""
    midnight = "2014-03-08T00:00:00Z"
    assert event_id("CONDITION", "a", "b", "c", midnight, True) == "f6688b2dda235cc592c11cb703f11142"
    assert event_id("CONDITION", "a", "b", "c", midnight, False) == "e8c1590d6abe5710bcd2a7df2604b4b7"
