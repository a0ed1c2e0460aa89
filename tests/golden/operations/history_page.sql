-- count of history of patient (valid)
SELECT each_patient_id.patient_id, CAST(coalesce(sum(counted.total), 0) AS BIGINT) AS coalesce_1
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT count(*) AS total
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND NOT events.retracted) AS counted ON true GROUP BY each_patient_id.patient_id

-- history of patient (valid)
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND NOT events.retracted ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $2::INTEGER) AS page ON true

-- patients by id
SELECT patients.id, patients.mrn, patients.identifiers, patients.name_prefix, patients.given_name, ...
FROM patients
WHERE patients.id = ANY ($1::UUID[])
