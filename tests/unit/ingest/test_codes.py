import pytest

from ingest import codes
from ingest.codes import LOINC, RXNORM, SNOMED, SYNTHEA
from ingest.values import BadValue
from tests import synthea


@pytest.mark.parametrize("spelled", ["SNOMED-CT", "http://snomed.info/sct", "Unknown", ""])
def test_both_spellings_of_a_system_and_none(spelled: str) -> None:
    assert codes.system("conditions", "59621000", spelled) == SNOMED


def test_a_system_that_is_a_uri_is_kept_and_another_word_refused() -> None:
    assert codes.system("conditions", "I10", "http://hl7.org/fhir/sid/icd-10-cm") == "http://hl7.org/fhir/sid/icd-10-cm"
    for spelled in ("ICD", "http://" + "x" * 200, "urn:a b"):
        with pytest.raises(BadValue, match="SYSTEM"):
            codes.system("conditions", "I10", spelled)


@pytest.mark.parametrize(
    ("file", "code", "expected"),
    [
        ("allergies", "1191", RXNORM),
        ("allergies", "29046", RXNORM),
        ("allergies", "7984", RXNORM),
        ("allergies", "264287008", SNOMED),
        ("allergies", "442571000124108", SNOMED),
        ("allergies", "peanut", SYNTHEA),
        ("observations", "8302-2", LOINC),
        ("observations", "QALY", SYNTHEA),
        ("observations", "X9999-1", SYNTHEA),
        ("medications", "313782", RXNORM),
        ("immunizations", "140", codes.CVX),
    ],
)
def test_the_system_of_a_code(file: str, code: str, expected: str) -> None:
    assert codes.system(file, code, "Unknown" if file == "allergies" else "") == expected


def test_the_check_digit_knows_every_snomed_code_of_the_sample() -> None:
    found = {row["CODE"] for name in ("conditions.csv", "procedures.csv", "devices.csv") for row in synthea.read(name)}
    assert len(found) > 100
    assert all(codes.is_snomed_concept(code) for code in found)
    # Any other last digit is wrong.
    assert not any(codes.is_snomed_concept(code[:-1] + str((int(code[-1]) + 1) % 10)) for code in found)


def test_units_that_are_no_ucum() -> None:
    assert codes.ucum("mm[Hg]") == "mm[Hg]"
    assert codes.ucum("pH") == ""
