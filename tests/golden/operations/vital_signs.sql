-- history of patient (a range each code, valid, kinds refined)
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT branch.*
FROM unnest($2::TEXT[]) AS each_code(code) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM (SELECT numbered.id AS id, numbered.kind AS kind, numbered.patient_id AS patient_id, numbered.recorded_at AS recorded_at, numbered.examined AS examined, ...
FROM (SELECT entries.id AS id, entries.kind AS kind, entries.patient_id AS patient_id, entries.recorded_at AS recorded_at, row_number() OVER () AS examined
FROM (SELECT events.id AS id, events.kind AS kind, events.patient_id AS patient_id, events.recorded_at AS recorded_at
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND events.code = each_code.code AND NOT events.retracted ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $3::INTEGER + 1) AS entries) AS numbered
WHERE numbered.kind = ANY ($4::TEXT[]) OR numbered.examined > $3::INTEGER
 LIMIT $5::INTEGER) AS wanted JOIN events ON wanted.id = events.id ORDER BY wanted.recorded_at DESC, wanted.id DESC
 LIMIT $5::INTEGER) AS branch ON true ORDER BY branch.position_recorded_at DESC, branch.position_id DESC
 LIMIT $5::INTEGER) AS page ON true

-- patients by MRN
SELECT patients.id, patients.mrn, patients.identifiers, patients.name_prefix, patients.given_name, ...
FROM patients
WHERE patients.mrn = ANY ($1::TEXT[])
