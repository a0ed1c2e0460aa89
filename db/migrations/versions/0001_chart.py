"""The chart: patients, encounters, the history, the directory; what keeps derived rows true.

Revision ID: 0001
Revises:
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Names as they are sorted and looked up: lower case, accents removed. Immutable, so that generated columns may use it.
FOLD = r"""
    create function fold(value text) returns text
        language sql immutable parallel safe
        return lower(regexp_replace(normalize(coalesce(value, ''), NFKD), '[\u0300-\u036f]', '', 'g'));
"""

TABLES = """
    CREATE TABLE organizations (
        id UUID NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (id)
    );

    CREATE TABLE practitioners (
        id UUID NOT NULL,
        name TEXT NOT NULL,
        speciality TEXT,
        PRIMARY KEY (id)
    );

    CREATE TABLE patients (
        id UUID NOT NULL,
        mrn TEXT,
        identifiers JSONB DEFAULT '[]' NOT NULL,
        name_prefix TEXT,
        given_name TEXT,
        middle_name TEXT,
        family_name TEXT,
        name_suffix TEXT,
        maiden_name TEXT,
        birth_date DATE,
        deceased BOOLEAN DEFAULT false NOT NULL,
        deceased_at TIMESTAMP WITH TIME ZONE,
        sex TEXT DEFAULT 'UNKNOWN' NOT NULL,
        phone TEXT,
        address_line TEXT,
        city TEXT,
        state TEXT,
        postal_code TEXT,
        family_key TEXT COLLATE "C" GENERATED ALWAYS AS (fold(family_name)) STORED NOT NULL,
        given_key TEXT COLLATE "C" GENERATED ALWAYS AS (fold(given_name)) STORED NOT NULL,
        birth_key DATE GENERATED ALWAYS AS (coalesce(birth_date, date '9999-12-30')) STORED NOT NULL,
        search_text TEXT COLLATE "C" GENERATED ALWAYS AS (fold(coalesce(given_name, '') || ' ' ||
            coalesce(family_name, '') || ' ' || coalesce(maiden_name, '') || ' ' || coalesce(mrn, '')))
            STORED NOT NULL,
        PRIMARY KEY (id),
        CONSTRAINT sex_known CHECK (sex in ('FEMALE', 'MALE', 'OTHER', 'UNKNOWN')),
        CONSTRAINT deceased_at_representable CHECK (deceased_at >= '0001-01-02 00:00Z' and
            deceased_at < '9999-12-31 00:00Z'),
        CONSTRAINT deceased_when_dated CHECK (deceased or deceased_at is null),
        CONSTRAINT family_name_short CHECK (char_length(family_name) <= 500),
        CONSTRAINT given_name_short CHECK (char_length(given_name) <= 500),
        CONSTRAINT identifiers_whole CHECK (jsonb_typeof(identifiers) = 'array' and not
            jsonb_path_exists(identifiers,
                '$[*] ? (!(@.system.type() == "string" && @.value.type() == "string"))')),
        CONSTRAINT birth_date_representable CHECK (birth_date > '0001-01-01' and birth_date < '9999-12-30')
    );

    CREATE INDEX patients_birth_date ON patients (birth_key, id) INCLUDE (sex, deceased);

    CREATE UNIQUE INDEX patients_mrn ON patients (mrn);

    CREATE INDEX patients_name ON patients (family_key, given_key, id) INCLUDE (sex, deceased);

    CREATE INDEX patients_search_text ON patients USING gin (search_text gin_trgm_ops);

    CREATE INDEX patients_state_birth_date ON patients (state, birth_key, id) INCLUDE (sex, deceased);

    CREATE INDEX patients_state_city_name ON patients (state, city, family_key, given_key, id)
        INCLUDE (sex, deceased);

    CREATE INDEX patients_state_name ON patients (state, family_key, given_key, id)
        INCLUDE (sex, deceased);

    CREATE TABLE patient_activity (
        patient_id UUID NOT NULL,
        state TEXT,
        sex TEXT NOT NULL,
        deceased BOOLEAN NOT NULL,
        last_encounter_at TIMESTAMP WITH TIME ZONE DEFAULT '-infinity' NOT NULL,
        PRIMARY KEY (patient_id),
        FOREIGN KEY(patient_id) REFERENCES patients (id) ON DELETE CASCADE
    );

    CREATE INDEX patient_activity_last_encounter ON patient_activity (last_encounter_at DESC,
        patient_id DESC) INCLUDE (sex, deceased);

    CREATE INDEX patient_activity_state_last_encounter ON patient_activity (state, last_encounter_at
        DESC, patient_id DESC) INCLUDE (sex, deceased);

    CREATE TABLE encounters (
        id UUID NOT NULL,
        patient_id UUID NOT NULL,
        class TEXT NOT NULL,
        type_system TEXT NOT NULL,
        type_code TEXT NOT NULL,
        type_display TEXT,
        reason_system TEXT,
        reason_code TEXT,
        reason_display TEXT,
        started_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        organization_id UUID,
        practitioner_id UUID,
        PRIMARY KEY (id),
        CONSTRAINT class_known CHECK (class in ('AMBULATORY', 'EMERGENCY', 'FIELD', 'HOME',
            'HOSPICE', 'INPATIENT', 'OBSERVATION', 'OTHER', 'OUTPATIENT', 'PREADMISSION', 'SHORT_STAY',
            'SNF', 'URGENTCARE', 'VIRTUAL', 'WELLNESS')),
        CONSTRAINT started_at_representable CHECK (started_at >= '0001-01-02 00:00Z' and started_at
            < '9999-12-31 00:00Z'),
        CONSTRAINT ended_at_representable CHECK (ended_at >= '0001-01-02 00:00Z' and ended_at <
            '9999-12-31 00:00Z'),
        CONSTRAINT reason_whole CHECK ((reason_code is null) = (reason_system is null)),
        FOREIGN KEY(patient_id) REFERENCES patients (id) ON DELETE CASCADE,
        FOREIGN KEY(organization_id) REFERENCES organizations (id),
        FOREIGN KEY(practitioner_id) REFERENCES practitioners (id)
    );

    CREATE INDEX encounters_patient ON encounters (patient_id, started_at DESC, id DESC)
        INCLUDE (ended_at);

    CREATE INDEX encounters_patient_class ON encounters (patient_id, class, started_at DESC, id DESC)
        INCLUDE (ended_at);

    CREATE INDEX encounters_patient_open ON encounters (patient_id, started_at DESC, id DESC)
        INCLUDE (class, organization_id, practitioner_id)
        WHERE ended_at IS NULL;

    CREATE INDEX encounters_patient_organization ON encounters (patient_id, organization_id,
        started_at DESC, id DESC)
        INCLUDE (class, ended_at);

    CREATE INDEX encounters_patient_practitioner ON encounters (patient_id, practitioner_id,
        started_at DESC, id DESC)
        INCLUDE (class, organization_id, ended_at);

    CREATE TABLE events (
        id UUID NOT NULL,
        patient_id UUID NOT NULL,
        encounter_id UUID,
        kind TEXT NOT NULL,
        code_system TEXT NOT NULL,
        code TEXT NOT NULL,
        display TEXT,
        recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
        day_only BOOLEAN DEFAULT false NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        retracted BOOLEAN DEFAULT false NOT NULL,
        category TEXT,
        reason_system TEXT,
        reason_code TEXT,
        reason_display TEXT,
        value_number DOUBLE PRECISION,
        value_comparator TEXT,
        value_unit TEXT,
        value_unit_code TEXT,
        value_system TEXT,
        value_code TEXT,
        value_display TEXT,
        value_text TEXT,
        panel_id UUID,
        panel_system TEXT,
        panel_code TEXT,
        panel_display TEXT,
        dosage TEXT,
        dispenses SMALLINT,
        udi TEXT,
        reactions JSONB,
        modality_system TEXT,
        modality_code TEXT,
        modality_display TEXT,
        body_site_system TEXT,
        body_site_code TEXT,
        body_site_display TEXT,
        PRIMARY KEY (id),
        CONSTRAINT kind_known CHECK (kind in ('ALLERGY', 'CARE_PLAN', 'CONDITION', 'DEVICE',
            'IMAGING', 'IMMUNIZATION', 'MEDICATION', 'OBSERVATION', 'PROCEDURE')),
        CONSTRAINT recorded_at_representable CHECK (recorded_at >= '0001-01-02 00:00Z' and
            recorded_at < '9999-12-31 00:00Z'),
        CONSTRAINT ended_at_representable CHECK (ended_at >= '0001-01-02 00:00Z' and ended_at <
            '9999-12-31 00:00Z'),
        CONSTRAINT value_single CHECK (num_nonnulls(value_number, value_code, value_text) <= 1),
        CONSTRAINT value_finite CHECK (value_number not in ('NaN', 'Infinity', '-Infinity')),
        CONSTRAINT condition_category_known CHECK (kind <> 'CONDITION' or category in ('DISORDER', 'FINDING',
            'SITUATION', 'OTHER')),
        CONSTRAINT reactions_whole CHECK (jsonb_typeof(reactions) = 'array' and not
            jsonb_path_exists(reactions, '$[*] ? (!(@.system.type() == "string" && @.code.type() == "string"))')),
        CONSTRAINT reason_whole CHECK ((reason_code is null) = (reason_system is null)),
        CONSTRAINT value_whole CHECK ((value_code is null) = (value_system is null)),
        CONSTRAINT panel_whole CHECK ((panel_code is null) = (panel_system is null)),
        CONSTRAINT modality_whole CHECK ((modality_code is null) = (modality_system is null)),
        CONSTRAINT body_site_whole CHECK ((body_site_code is null) = (body_site_system is null)),
        FOREIGN KEY(patient_id) REFERENCES patients (id) ON DELETE CASCADE,
        FOREIGN KEY(encounter_id) REFERENCES encounters (id) ON DELETE SET NULL
    );

    CREATE INDEX events_code ON events (code, recorded_at DESC, id DESC) WHERE NOT retracted;

    CREATE INDEX events_encounter ON events (encounter_id, retracted, recorded_at DESC, id DESC);

    CREATE INDEX events_patient ON events (patient_id, retracted, recorded_at DESC, id DESC);

    CREATE INDEX events_patient_active ON events (patient_id, kind, recorded_at DESC, id DESC)
        INCLUDE (code)
        WHERE NOT retracted AND ended_at IS NULL
        AND kind IN ('ALLERGY', 'CARE_PLAN', 'CONDITION', 'DEVICE', 'MEDICATION', 'PROCEDURE');

    CREATE INDEX events_patient_code ON events (patient_id, code, recorded_at DESC, id DESC)
        WHERE NOT retracted;

    CREATE INDEX events_patient_kind ON events (patient_id, kind, recorded_at DESC, id DESC)
        INCLUDE (ended_at)
        WHERE NOT retracted;

    CREATE TABLE concepts (
        system TEXT NOT NULL,
        code TEXT NOT NULL,
        display TEXT NOT NULL,
        search_text TEXT COLLATE "C" GENERATED ALWAYS AS (fold(display)) STORED NOT NULL,
        PRIMARY KEY (system, code, display)
    );

    CREATE INDEX concepts_search_text ON concepts USING gin (search_text gin_trgm_ops);
"""

# The last encounter's time: rows are locked before the newest is looked up, because the statement that looks it up
# must take its snapshot after any concurrent writer of the same patient has committed. They are written even if nothing
# changed: that makes a concurrent writer with an older snapshot (REPEATABLE READ) fail and repeat.
ACTIVITY = """
    create function patient_activity_refresh(patients uuid[]) returns void language plpgsql as $$
    begin
        perform from patient_activity where patient_id = any (patients) order by patient_id for update;
        update patient_activity a set last_encounter_at = newest.started_at
        from unnest(patients) as touched (patient_id),
            lateral (
                select coalesce(
                    (select e.started_at from encounters e where e.patient_id = touched.patient_id
                     order by e.started_at desc, e.id desc limit 1),
                    '-infinity') as started_at
            ) newest
        where a.patient_id = touched.patient_id;
    end $$;

    create function encounters_inserted() returns trigger language plpgsql as $$
    begin
        perform patient_activity_refresh(array(select distinct patient_id from new_rows));
        return null;
    end $$;

    create function encounters_updated() returns trigger language plpgsql as $$
    begin
        perform patient_activity_refresh(
            array(select patient_id from old_rows union select patient_id from new_rows));
        return null;
    end $$;

    create function encounters_deleted() returns trigger language plpgsql as $$
    begin
        perform patient_activity_refresh(array(select distinct patient_id from old_rows));
        return null;
    end $$;

    create function encounters_truncated() returns trigger language plpgsql as $$
    begin
        update patient_activity set last_encounter_at = '-infinity';
        return null;
    end $$;

    create trigger encounters_inserted after insert on encounters
        referencing new table as new_rows for each statement execute function encounters_inserted();

    create trigger encounters_updated after update on encounters
        referencing old table as old_rows new table as new_rows
        for each statement execute function encounters_updated();

    create trigger encounters_deleted after delete on encounters
        referencing old table as old_rows for each statement execute function encounters_deleted();

    create trigger encounters_truncated after truncate on encounters
        for each statement execute function encounters_truncated();

    create function patients_inserted() returns trigger language plpgsql as $$
    begin
        insert into patient_activity (patient_id, state, sex, deceased)
        select id, state, sex, deceased from new_rows order by id;
        return null;
    end $$;

    create function patients_updated() returns trigger language plpgsql as $$
    begin
        -- In the order in which encounters lock them.
        perform from patient_activity where patient_id in (select id from new_rows) order by patient_id for update;
        update patient_activity a set state = n.state, sex = n.sex, deceased = n.deceased
        from new_rows n
        where a.patient_id = n.id and (a.state, a.sex, a.deceased) is distinct from (n.state, n.sex, n.deceased);
        return null;
    end $$;

    create trigger patients_inserted after insert on patients
        referencing new table as new_rows for each statement execute function patients_inserted();

    create trigger patients_updated after update on patients
        referencing new table as new_rows for each statement execute function patients_updated();
"""

# Concepts only grow: a display that no event carries any more finds nothing and costs nothing.
CONCEPTS = """
    create function events_concepts() returns trigger language plpgsql as $$
    begin
        insert into concepts (system, code, display)
        select distinct code_system, code, display from new_rows n
        where display is not null and not exists (
            select from concepts c where (c.system, c.code, c.display) = (n.code_system, n.code, n.display))
        order by 1, 2, 3
        on conflict do nothing;
        return null;
    end $$;

    create trigger events_inserted after insert on events
        referencing new table as new_rows for each statement execute function events_concepts();

    create trigger events_updated after update on events
        referencing new table as new_rows for each statement execute function events_concepts();
"""


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    for statements in (FOLD, TABLES, ACTIVITY, CONCEPTS):
        for statement in statements.split(";\n\n"):
            op.execute(statement.replace(":", r"\:"))


def downgrade() -> None:
    op.execute("drop table concepts, events, encounters, patient_activity, patients, practitioners, organizations")
    for function in (
        "events_concepts",
        "patients_inserted",
        "patients_updated",
        "encounters_inserted",
        "encounters_updated",
        "encounters_deleted",
        "encounters_truncated",
        "patient_activity_refresh",
        "fold",
    ):
        op.execute(f"drop function {function}")
