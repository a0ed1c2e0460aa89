-- encounters by id
SELECT encounters.id, encounters.patient_id, encounters.class, encounters.type_system, encounters.type_code, ...
FROM encounters
WHERE encounters.id = ANY ($1::UUID[])

-- events of encounter (valid)
SELECT page.*
FROM unnest($1::UUID[]) AS each_encounter_id(encounter_id) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.encounter_id = each_encounter_id.encounter_id AND NOT events.retracted ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $2::INTEGER) AS page ON true

-- patients by id
SELECT patients.id, patients.mrn, patients.identifiers, patients.name_prefix, patients.given_name, ...
FROM patients
WHERE patients.id = ANY ($1::UUID[])
