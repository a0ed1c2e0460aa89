"""Every table, its constraints and its indexes: the schema as SQLAlchemy Core sees it.

Migrations create what stands here; a test compares the two. An index names, in the comment above it, the reads it
serves; a test asserts the plan of each of them and fails on an index that no plan uses.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BOOLEAN, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

from db.kinds import ENCOUNTER_CLASSES, ENDING_KINDS, KINDS, SEXES

metadata = MetaData()

INSTANT = TIMESTAMP(timezone=True)
NEVER = "-infinity"


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


def _representable(column: str) -> CheckConstraint:
    """Readers hold instants as Python datetimes: years 1 to 9999, never an infinity."""
    return CheckConstraint(
        f"{column} >= '0001-01-02 00:00Z' and {column} < '9999-12-31 00:00Z'", name=f"{column}_representable"
    )


def _objects_with(column: str, *keys: str) -> CheckConstraint:
    """A JSON array of objects that have these keys, each a text."""
    texts = " && ".join(f'@.{key}.type() == "string"' for key in keys)
    return CheckConstraint(
        f"jsonb_typeof({column}) = 'array' and not jsonb_path_exists({column}, '$[*] ? (!({texts}))')",
        name=f"{column}_whole",
    )


organizations = Table(
    "organizations",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("name", Text, nullable=False),
)

practitioners = Table(
    "practitioners",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("speciality", Text),
)

patients = Table(
    "patients",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("mrn", Text),
    Column("identifiers", JSONB, nullable=False, server_default=text("'[]'")),
    Column("name_prefix", Text),
    Column("given_name", Text),
    Column("middle_name", Text),
    Column("family_name", Text),
    Column("name_suffix", Text),
    Column("maiden_name", Text),
    Column("birth_date", Date),
    Column("deceased", BOOLEAN, nullable=False, server_default=text("false")),
    Column("deceased_at", INSTANT),
    Column("sex", Text, nullable=False, server_default=text("'UNKNOWN'")),
    Column("phone", Text),
    Column("address_line", Text),
    Column("city", Text),
    Column("state", Text),
    Column("postal_code", Text),
    # What people sort and look names up by: lower case, no accents, in byte order (fold() is in the first migration).
    Column("family_key", Text(collation="C"), Computed("fold(family_name)", persisted=True), nullable=False),
    Column("given_key", Text(collation="C"), Computed("fold(given_name)", persisted=True), nullable=False),
    # Unknown dates of birth sort last without a null; the constraint below keeps real ones before it.
    Column("birth_key", Date, Computed("coalesce(birth_date, date '9999-12-30')", persisted=True), nullable=False),
    # What the Postgres stand-in for search matches, by trigrams.
    Column(
        "search_text",
        Text(collation="C"),
        Computed(
            "fold(coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || coalesce(maiden_name, '')"
            " || ' ' || coalesce(mrn, ''))",
            persisted=True,
        ),
        nullable=False,
    ),
    _one_of("sex", SEXES),
    _representable("deceased_at"),
    CheckConstraint("deceased or deceased_at is null", name="deceased_when_dated"),
    # Names are sorted by, so they stand in indexes and cursors.
    CheckConstraint("char_length(family_name) <= 500", name="family_name_short"),
    CheckConstraint("char_length(given_name) <= 500", name="given_name_short"),
    _objects_with("identifiers", "system", "value"),
    CheckConstraint("birth_date > '0001-01-01' and birth_date < '9999-12-30'", name="birth_date_representable"),
)

# patient(mrn:)
Index("patients_mrn", patients.c.mrn, unique=True)
# patients by NAME, with a family-name prefix or none; sex and deceased are refined inside the index
Index(
    "patients_name",
    patients.c.family_key,
    patients.c.given_key,
    patients.c.id,
    postgresql_include=["sex", "deceased"],
)
# ... of a state
Index(
    "patients_state_name",
    patients.c.state,
    patients.c.family_key,
    patients.c.given_key,
    patients.c.id,
    postgresql_include=["sex", "deceased"],
)
# ... of a city in a state
Index(
    "patients_state_city_name",
    patients.c.state,
    patients.c.city,
    patients.c.family_key,
    patients.c.given_key,
    patients.c.id,
    postgresql_include=["sex", "deceased"],
)
# patients by BIRTH_DATE, within a range or not
Index("patients_birth_date", patients.c.birth_key, patients.c.id, postgresql_include=["sex", "deceased"])
# ... of a state
Index(
    "patients_state_birth_date",
    patients.c.state,
    patients.c.birth_key,
    patients.c.id,
    postgresql_include=["sex", "deceased"],
)
# the stand-in for patient search
Index(
    "patients_search_text",
    patients.c.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)

# When a patient was last seen, beside the patient's row so that an encounter does not touch it. Triggers keep one row
# for each patient, with what its lists are narrowed by; never seen is -infinity, which sorts last without a null.
patient_activity = Table(
    "patient_activity",
    metadata,
    Column("patient_id", UUID, ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True),
    Column("state", Text),
    Column("sex", Text, nullable=False),
    Column("deceased", BOOLEAN, nullable=False),
    Column("last_encounter_at", INSTANT, nullable=False, server_default=text(f"'{NEVER}'")),
)
# patients by LAST_ENCOUNTER
Index(
    "patient_activity_last_encounter",
    patient_activity.c.last_encounter_at.desc(),
    patient_activity.c.patient_id.desc(),
    postgresql_include=["sex", "deceased"],
)
# ... of a state
Index(
    "patient_activity_state_last_encounter",
    patient_activity.c.state,
    patient_activity.c.last_encounter_at.desc(),
    patient_activity.c.patient_id.desc(),
    postgresql_include=["sex", "deceased"],
)

encounters = Table(
    "encounters",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("patient_id", UUID, ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    Column("class", Text, nullable=False),
    Column("type_system", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("type_display", Text),
    Column("reason_system", Text),
    Column("reason_code", Text),
    Column("reason_display", Text),
    Column("started_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("organization_id", UUID, ForeignKey("organizations.id")),
    Column("practitioner_id", UUID, ForeignKey("practitioners.id")),
    _one_of("class", ENCOUNTER_CLASSES),
    _representable("started_at"),
    _representable("ended_at"),
    CheckConstraint("(reason_code is null) = (reason_system is null)", name="reason_whole"),
)

_newest_encounter = (encounters.c.started_at.desc(), encounters.c.id.desc())
# Patient.encounters, `open: false` refined inside the index; the last encounter; counts
Index("encounters_patient", encounters.c.patient_id, *_newest_encounter, postgresql_include=["ended_at"])
# Patient.encounters(filter: {class}), one range a class
Index(
    "encounters_patient_class",
    encounters.c.patient_id,
    encounters.c["class"],
    *_newest_encounter,
    postgresql_include=["ended_at"],
)
# Patient.encounters(filter: {organizationId}); class refined inside the index
Index(
    "encounters_patient_organization",
    encounters.c.patient_id,
    encounters.c.organization_id,
    *_newest_encounter,
    postgresql_include=["class", "ended_at"],
)
# Patient.encounters(filter: {practitionerId}); class and organization refined inside the index
Index(
    "encounters_patient_practitioner",
    encounters.c.patient_id,
    encounters.c.practitioner_id,
    *_newest_encounter,
    postgresql_include=["class", "organization_id", "ended_at"],
)
# Patient.encounters(filter: {open: true}): few at any time, so an index of those alone
Index(
    "encounters_patient_open",
    encounters.c.patient_id,
    *_newest_encounter,
    postgresql_include=["class", "organization_id", "practitioner_id"],
    postgresql_where=encounters.c.ended_at.is_(None),
)

# The history: one row an event, the nine kinds together because they are read together, newest first. Which of the
# detail columns a kind fills is in db/kinds.py; an empty one costs a bit.
events = Table(
    "events",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("patient_id", UUID, ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    # An encounter that is deleted leaves its events: they happened.
    Column("encounter_id", UUID, ForeignKey("encounters.id", ondelete="SET NULL")),
    Column("kind", Text, nullable=False),
    Column("code_system", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("display", Text),
    Column("recorded_at", INSTANT, nullable=False),
    # The source knows the day only: recorded_at is that day at 00:00Z.
    Column("day_only", BOOLEAN, nullable=False, server_default=text("false")),
    Column("ended_at", INSTANT),
    # Entered in error: absent from lists, counts and summary, still there for node(id).
    Column("retracted", BOOLEAN, nullable=False, server_default=text("false")),
    Column("category", Text),
    Column("reason_system", Text),
    Column("reason_code", Text),
    Column("reason_display", Text),
    Column("value_number", DOUBLE_PRECISION),
    Column("value_comparator", Text),
    Column("value_unit", Text),
    Column("value_unit_code", Text),
    Column("value_system", Text),
    Column("value_code", Text),
    Column("value_display", Text),
    Column("value_text", Text),
    Column("panel_id", UUID),
    Column("panel_system", Text),
    Column("panel_code", Text),
    Column("panel_display", Text),
    Column("dosage", Text),
    Column("dispenses", SmallInteger),
    Column("udi", Text),
    # [{"system", "code", "display", "severity"}]
    Column("reactions", JSONB),
    Column("modality_system", Text),
    Column("modality_code", Text),
    Column("modality_display", Text),
    Column("body_site_system", Text),
    Column("body_site_code", Text),
    Column("body_site_display", Text),
    _one_of("kind", KINDS),
    _representable("recorded_at"),
    _representable("ended_at"),
    CheckConstraint("num_nonnulls(value_number, value_code, value_text) <= 1", name="value_single"),
    CheckConstraint("value_number not in ('NaN', 'Infinity', '-Infinity')", name="value_finite"),
    CheckConstraint(
        "kind <> 'CONDITION' or category in ('DISORDER', 'FINDING', 'SITUATION', 'OTHER')",
        name="condition_category_known",
    ),
    _objects_with("reactions", "system", "code"),
    CheckConstraint("(reason_code is null) = (reason_system is null)", name="reason_whole"),
    CheckConstraint("(value_code is null) = (value_system is null)", name="value_whole"),
    CheckConstraint("(panel_code is null) = (panel_system is null)", name="panel_whole"),
    CheckConstraint("(modality_code is null) = (modality_system is null)", name="modality_whole"),
    CheckConstraint("(body_site_code is null) = (body_site_system is null)", name="body_site_whole"),
)

_newest_event = (events.c.recorded_at.desc(), events.c.id.desc())
_valid = ~events.c.retracted
# Patient.history, its counts. Not partial, so that deleting a patient finds all of its events.
Index("events_patient", events.c.patient_id, events.c.retracted, *_newest_event)
# Patient.history(filter: {kinds}), one range a kind; `active: false` refined inside the index; the newest vital signs
Index(
    "events_patient_kind",
    events.c.patient_id,
    events.c.kind,
    *_newest_event,
    postgresql_include=["ended_at"],
    postgresql_where=_valid,
)
# Patient.history(filter: {codes}), one range a code; kinds and active, which a code all but implies, are refined
Index("events_patient_code", events.c.patient_id, events.c.code, *_newest_event, postgresql_where=_valid)
# Patient.history(filter: {active: true}), codes refined inside the index; the summary
Index(
    "events_patient_active",
    events.c.patient_id,
    events.c.kind,
    *_newest_event,
    postgresql_include=["code"],
    postgresql_where=_valid & events.c.ended_at.is_(None) & events.c.kind.in_(ENDING_KINDS),
)
# Encounter.events: few, so that filters are refined on the rows. Not partial, as deleting an encounter looks here too.
Index("events_encounter", events.c.encounter_id, events.c.retracted, *_newest_event)
# searchHistory across patients while Elasticsearch is away: the newest events of a concept
Index("events_code", events.c.code, *_newest_event, postgresql_where=_valid)

# The codes in use, kept by a trigger on events: the stand-in for history search matches these few thousand displays
# instead of the displays of all events.
concepts = Table(
    "concepts",
    metadata,
    Column("system", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("display", Text, primary_key=True),
    Column("search_text", Text(collation="C"), Computed("fold(display)", persisted=True), nullable=False),
)
Index(
    "concepts_search_text",
    concepts.c.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)
