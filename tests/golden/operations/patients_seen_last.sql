-- encounters of patient
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT encounters.id AS id, encounters.patient_id AS patient_id, encounters.class AS class, encounters.type_system AS type_system, encounters.type_code AS type_code, ...
FROM encounters
WHERE encounters.patient_id = each_patient_id.patient_id ORDER BY encounters.started_at DESC, encounters.id DESC
 LIMIT $2::INTEGER) AS page ON true

-- patients by last encounter (a range each state)
SELECT branch.*
FROM unnest($1::TEXT[]) AS each_state(state) JOIN LATERAL (SELECT patients.id AS id, patients.mrn AS mrn, patients.identifiers AS identifiers, patients.name_prefix AS name_prefix, patients.given_name AS given_name, ...
FROM patient_activity JOIN patients ON patient_activity.patient_id = patients.id
WHERE patient_activity.state = each_state.state ORDER BY patient_activity.last_encounter_at DESC, patient_activity.patient_id DESC
 LIMIT $2::INTEGER) AS branch ON true ORDER BY branch.position_last_encounter_at DESC, branch.position_patient_id DESC
 LIMIT $2::INTEGER
