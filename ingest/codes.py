"""Which code system a code of Synthea's CSV belongs to.

The files name it seldom (a SYSTEM column in three of them), in two spellings, and sometimes as `Unknown`. One table
from (file, code) decides; the rules below it stand for codes that it does not list.
"""

import re
from functools import lru_cache

from ingest.values import BadValue

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
# Codes that Synthea made up: quality of life (QALY, DALY, QOLS), questionnaires (X9999-*).
SYNTHEA = "urn:anamnesis:synthea"

_BY_FILE = {
    "allergies": SNOMED,
    "careplans": SNOMED,
    "conditions": SNOMED,
    "devices": SNOMED,
    "encounters": SNOMED,
    "imaging_studies": SNOMED,
    "immunizations": CVX,
    "medications": RXNORM,
    "observations": LOINC,
    "procedures": SNOMED,
}

_BY_CODE = {
    ("allergies", "1191"): RXNORM,
    ("allergies", "29046"): RXNORM,
    ("observations", "DALY"): SYNTHEA,
    ("observations", "QALY"): SYNTHEA,
    ("observations", "QOLS"): SYNTHEA,
}

_BY_SPELLING = {"SNOMED-CT": SNOMED, "SNOMED": SNOMED, "LOINC": LOINC, "RxNorm": RXNORM, "CVX": CVX}
_UNSPELLED = frozenset({"", "Unknown"})

_LOINC_CODE = re.compile(r"\d{1,7}-\d", re.ASCII)
_URI = re.compile(r"(?:https?://|urn:)[!-~]{1,90}")
_DIGITS = re.compile(r"\d+", re.ASCII)

# UCUM's units are not parsed here: these are what Synthea writes in the column that are none.
_NOT_UCUM = frozenset({"", "pH", "n/a", "N/A"})

_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


@lru_cache(8_192)
def system(file: str, code: str, spelled: str = "") -> str:
    """The canonical URI of a code's system; `spelled` is what the row's SYSTEM column says.

    Raises BadValue for a SYSTEM that is neither known nor a URI.
    """
    if spelled not in _UNSPELLED:
        known = _BY_SPELLING.get(spelled)
        if known is None and not _URI.fullmatch(spelled):
            raise BadValue("SYSTEM", "is neither a known name nor a URI")
        return known or spelled
    listed = _BY_CODE.get((file, code))
    if listed is not None:
        return listed
    if file == "observations" and not _LOINC_CODE.fullmatch(code):
        return SYNTHEA
    if file == "allergies" and not is_snomed_concept(code):
        return RXNORM if _DIGITS.fullmatch(code) else SYNTHEA
    return _BY_FILE[file]


def is_snomed_concept(code: str) -> bool:
    """Whether these are the digits of a SNOMED CT concept: 6 to 18, a concept's partition, a Verhoeff check digit."""
    if not _DIGITS.fullmatch(code) or not 6 <= len(code) <= 18 or code[-3:-1] not in {"00", "10"}:
        return False
    check = 0
    for position, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(position % 8):
            value = _PERMUTATION[value]
        check = _DIHEDRAL[check][value]
    return check == 0


def ucum(unit: str) -> str:
    """The unit's UCUM code, which is how Synthea writes most units; empty if it has none."""
    return "" if unit in _NOT_UCUM else unit
