from uuid import NAMESPACE_URL, UUID, uuid5

from ingest.event_ids import event_id


def test_an_id_is_the_standard_uuid5_of_what_it_stands_for() -> None:
    namespace = uuid5(NAMESPACE_URL, "https://synthea.mitre.org/codes")
    for ordinal in range(200):
        name = f"OBSERVATION|patient|encounter|8302-2|2014-03-08T09:31:55Z|{ordinal}"
        own = event_id("OBSERVATION", "patient", "encounter", "8302-2", "2014-03-08T09:31:55Z", False, ordinal)
        assert UUID(own) == uuid5(namespace, name)


def test_ids_never_change() -> None:
    """A changed id would make every event of an earlier import a second one."""
    midnight = "2014-03-08T00:00:00Z"
    assert event_id("CONDITION", "a", "b", "c", midnight, True) == "6df4f44461935e7c960c27bab55a1619"
    assert event_id("CONDITION", "a", "b", "c", midnight, False) == "61527ba1213c5edca6aad10a74c1aa51"
