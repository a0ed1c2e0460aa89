-- encounters of patient
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT encounters.id AS id, encounters.patient_id AS patient_id, encounters.class AS class, encounters.type_system AS type_system, encounters.type_code AS type_code, ...
FROM encounters
WHERE encounters.patient_id = each_patient_id.patient_id ORDER BY encounters.started_at DESC, encounters.id DESC
 LIMIT $2::INTEGER) AS page ON true

-- events of encounter (valid)
SELECT page.*
FROM unnest($1::UUID[]) AS each_encounter_id(encounter_id) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.encounter_id = each_encounter_id.encounter_id AND NOT events.retracted ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $2::INTEGER) AS page ON true

-- history of patient (a range each kind, valid)
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT branch.*
FROM unnest($2::TEXT[]) AS each_kind(kind) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND events.kind = each_kind.kind AND NOT events.retracted ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $3::INTEGER) AS branch ON true ORDER BY branch.position_recorded_at DESC, branch.position_id DESC
 LIMIT $3::INTEGER) AS page ON true

-- organizations by id
SELECT organizations.id, organizations.name
FROM organizations
WHERE organizations.id = ANY ($1::UUID[])

-- patients by MRN
SELECT patients.id, patients.mrn, patients.identifiers, patients.name_prefix, patients.given_name, ...
FROM patients
WHERE patients.mrn = ANY ($1::TEXT[])

-- practitioners by id
SELECT practitioners.id, practitioners.name, practitioners.speciality
FROM practitioners
WHERE practitioners.id = ANY ($1::UUID[])
