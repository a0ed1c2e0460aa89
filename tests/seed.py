"""Records to read in tests: made by SQL, the same on every run, large enough that a plan matters.

3,000 patients, 30,000 encounters, 100,000 events; the patient HEAVY has 2,000 encounters and 30,000 events.
"""

from uuid import UUID

import asyncpg

HEAVY = UUID("00000000-0000-4000-8000-000000000001")

TABLES = ("organizations", "practitioners", "patients", "patient_activity", "encounters", "events", "concepts")

_SEED = """
    create function pg_temp.uid(kind text, n bigint) returns uuid language sql immutable as
        $$ select (lpad(kind, 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

    insert into organizations select pg_temp.uid('a', n), 'Clinic ' || n from generate_series(1, 40) n;
    insert into practitioners
        select pg_temp.uid('b', n), 'Doctor ' || n, 'GENERAL PRACTICE' from generate_series(1, 80) n;

    insert into patients (id, mrn, given_name, family_name, birth_date, deceased, sex, city, state)
    select pg_temp.uid('0', n), 'MRN' || n,
        (array['Ana','José','Wei','Zoë','Ibrahim','Maud'])[1 + n % 6],
        (array['García','Müller','Smith','Okafor','Nguyen','de Vries','Łuczak','O''Neill'])[1 + n * 7 % 8]
            || n % 97,
        case when n % 50 = 0 then null else date '1930-01-01' + (n * 37 % 30000)::int end,
        n % 10 = 0, (array['FEMALE','MALE','FEMALE','UNKNOWN'])[1 + n % 4],
        (array['Boston','Salem','Quincy','Lynn'])[1 + n % 4],
        (array['Massachusetts','Maine','Vermont'])[1 + n % 3]
    from generate_series(1, 3000) n;

    insert into encounters
        (id, patient_id, class, type_system, type_code, type_display, started_at, ended_at,
         organization_id, practitioner_id)
    select pg_temp.uid('e', n), pg_temp.uid('0', case when n <= 2000 then 1 else 2 + n % 2990 end),
        (array['AMBULATORY','AMBULATORY','EMERGENCY','WELLNESS','INPATIENT'])[1 + n % 5],
        'http://snomed.info/sct', '185349003', 'Encounter for check up (procedure)',
        timestamptz '2010-01-01Z' + n * interval '3 hours',
        case when n % 200 > 0 then timestamptz '2010-01-01Z' + n * interval '3 hours' + interval '15 minutes' end,
        pg_temp.uid('a', 1 + n % 40), pg_temp.uid('b', 1 + n % 80)
    from generate_series(1, 30000) n;

    insert into events
        (id, patient_id, encounter_id, kind, code_system, code, display, recorded_at, ended_at, category,
         value_number, value_unit, retracted)
    select pg_temp.uid('f', n),
        pg_temp.uid('0', case when n <= 30000 then 1 else 2 + (n / 10) % 2990 end),
        case when n <= 30000 then pg_temp.uid('e', 1 + n % 2000) end,
        kind, 'http://loinc.org', kind || '-' || n % 23, 'Display ' || n % 23 || ' of ' || kind,
        timestamptz '2010-01-01Z' + (n::bigint * 7919 % 400000) * interval '10 minutes',
        case when kind in ('OBSERVATION', 'IMMUNIZATION', 'IMAGING') or n % 7 = 0 then null else
             timestamptz '2010-01-01Z' + (n::bigint * 7919 % 400000) * interval '10 minutes' + interval '1 day' end,
        case when kind = 'OBSERVATION' and n % 23 < 6 then 'vital-signs' end,
        case when kind = 'OBSERVATION' then n % 100 end, case when kind = 'OBSERVATION' then 'mm[Hg]' end,
        n % 501 = 0
    from generate_series(1, 100000) n, lateral (select case
        when n % 1000 = 3 then 'ALLERGY' when n % 1000 = 4 then 'CARE_PLAN' when n % 1000 = 5 then 'IMAGING'
        when n % 1000 = 6 then 'DEVICE' else (array['CONDITION','MEDICATION','PROCEDURE','IMMUNIZATION',
        'OBSERVATION','OBSERVATION','OBSERVATION','OBSERVATION','OBSERVATION','OBSERVATION'])[1 + n % 10] end
        as kind) k;
"""


async def seed(url: str) -> None:
    """Fills a migrated, empty database."""
    # VACUUM marks no page all-visible whose rows' commit is not in the log yet.
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "on"})
    try:
        for table in TABLES:
            # An autovacuum at the wrong moment would keep rows from being all-visible, and plans from being the same.
            await connection.execute(f"alter table {table} set (autovacuum_enabled = off)")
        await connection.execute(_SEED)
        await connection.execute(
            "vacuum (analyze) organizations, practitioners, patients, patient_activity, encounters, events, concepts"
        )
    finally:
        await connection.close()
