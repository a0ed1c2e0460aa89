"""The closed vocabularies of the record: what `kind`, `class` and `sex` may say."""

KINDS = (
    "ALLERGY",
    "CARE_PLAN",
    "CONDITION",
    "DEVICE",
    "IMAGING",
    "IMMUNIZATION",
    "MEDICATION",
    "OBSERVATION",
    "PROCEDURE",
)

# Kinds that can end: only these can be active or over.
ENDING_KINDS = ("ALLERGY", "CARE_PLAN", "CONDITION", "DEVICE", "MEDICATION", "PROCEDURE")

ENCOUNTER_CLASSES = (
    "AMBULATORY",
    "EMERGENCY",
    "FIELD",
    "HOME",
    "HOSPICE",
    "INPATIENT",
    "OBSERVATION",
    "OTHER",
    "OUTPATIENT",
    "PREADMISSION",
    "SHORT_STAY",
    "SNF",
    "URGENTCARE",
    "VIRTUAL",
    "WELLNESS",
)

SEXES = ("FEMALE", "MALE", "OTHER", "UNKNOWN")
