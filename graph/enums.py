"""The contract's enums. The record's own names are in db/kinds.py; a test holds the two together."""

from enum import Enum

import strawberry


@strawberry.enum
class AdministrativeSex(Enum):
    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


@strawberry.enum
class EncounterClass(Enum):
    AMBULATORY = "AMBULATORY"
    EMERGENCY = "EMERGENCY"
    FIELD = "FIELD"
    HOME = "HOME"
    HOSPICE = "HOSPICE"
    INPATIENT = "INPATIENT"
    OBSERVATION = "OBSERVATION"
    OTHER = "OTHER"
    OUTPATIENT = "OUTPATIENT"
    PREADMISSION = "PREADMISSION"
    SHORT_STAY = "SHORT_STAY"
    SNF = "SNF"
    URGENTCARE = "URGENTCARE"
    VIRTUAL = "VIRTUAL"
    WELLNESS = "WELLNESS"


@strawberry.enum
class HistoryKind(Enum):
    ALLERGY = "ALLERGY"
    CARE_PLAN = "CARE_PLAN"
    CONDITION = "CONDITION"
    DEVICE = "DEVICE"
    IMAGING = "IMAGING"
    IMMUNIZATION = "IMMUNIZATION"
    MEDICATION = "MEDICATION"
    OBSERVATION = "OBSERVATION"
    PROCEDURE = "PROCEDURE"


@strawberry.enum
class EventStatus(Enum):
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"
    UNKNOWN = "UNKNOWN"


@strawberry.enum
class DatePrecision(Enum):
    DAY = "DAY"
    INSTANT = "INSTANT"


@strawberry.enum
class ConditionCategory(Enum):
    DISORDER = "DISORDER"
    FINDING = "FINDING"
    SITUATION = "SITUATION"
    OTHER = "OTHER"


@strawberry.enum(description="LAST_ENCOUNTER: newest first, those without one last.")
class PatientOrder(Enum):
    NAME = "NAME"
    BIRTH_DATE = "BIRTH_DATE"
    LAST_ENCOUNTER = "LAST_ENCOUNTER"
