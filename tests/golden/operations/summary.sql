-- count of encounters of patient
SELECT each_patient_id.patient_id, CAST(coalesce(sum(counted.total), 0) AS BIGINT) AS coalesce_1
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT count(*) AS total
FROM encounters
WHERE encounters.patient_id = each_patient_id.patient_id) AS counted ON true GROUP BY each_patient_id.patient_id

-- count of history of patient (valid)
SELECT each_patient_id.patient_id, CAST(coalesce(sum(counted.total), 0) AS BIGINT) AS coalesce_1
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT count(*) AS total
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND NOT events.retracted) AS counted ON true GROUP BY each_patient_id.patient_id

-- encounters of patient
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT encounters.id AS id, encounters.patient_id AS patient_id, encounters.class AS class, encounters.type_system AS type_system, encounters.type_code AS type_code, ...
FROM encounters
WHERE encounters.patient_id = each_patient_id.patient_id ORDER BY encounters.started_at DESC, encounters.id DESC
 LIMIT $2::INTEGER) AS page ON true

-- history of patient (a range each kind, valid)
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT branch.*
FROM unnest($2::TEXT[]) AS each_kind(kind) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND events.kind = each_kind.kind AND NOT events.retracted ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $3::INTEGER) AS branch ON true ORDER BY branch.position_recorded_at DESC, branch.position_id DESC
 LIMIT $3::INTEGER) AS page ON true

-- history of patient (a range each kind, valid, open)
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT branch.*
FROM unnest($2::TEXT[]) AS each_kind(kind) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND events.kind = each_kind.kind AND NOT events.retracted AND events.ended_at IS NULL AND events.kind IN ('ALLERGY', 'CARE_PLAN', 'CONDITION', 'DEVICE', 'MEDICATION', 'PROCEDURE') ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $3::INTEGER) AS branch ON true ORDER BY branch.position_recorded_at DESC, branch.position_id DESC
 LIMIT $3::INTEGER) AS page ON true

-- history of patient (a range each kind, valid, open)
SELECT page.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT branch.*
FROM unnest($2::TEXT[]) AS each_kind(kind) JOIN LATERAL (SELECT events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, ...
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND events.kind = each_kind.kind AND NOT events.retracted AND events.ended_at IS NULL AND events.kind IN ('ALLERGY', 'CARE_PLAN', 'CONDITION', 'DEVICE', 'MEDICATION', 'PROCEDURE') ORDER BY events.recorded_at DESC, events.id DESC
 LIMIT $3::INTEGER) AS branch ON true ORDER BY branch.position_recorded_at DESC, branch.position_id DESC
 LIMIT $3::INTEGER) AS page ON true

-- latest vitals
SELECT vitals.*
FROM unnest($1::UUID[]) AS each_patient_id(patient_id) JOIN LATERAL (SELECT DISTINCT ON (events.code_system, events.code) events.id AS id, events.patient_id AS patient_id, events.encounter_id AS encounter_id, events.kind AS kind, events.code_system AS code_system, events.code AS code, events.display AS display, events.recorded_at AS recorded_at, events.day_only AS day_only, events.ended_at AS ended_at, events.retracted AS retracted, events.category AS category, events.reason_system AS reason_system, events.reason_code AS reason_code, events.reason_display AS reason_display, events.value_number AS value_number, events.value_comparator AS value_comparator, events.value_unit AS value_unit, events.value_unit_code AS value_unit_code, events.value_system AS value_system, events.value_code AS value_code, events.value_display AS value_display, events.value_text AS value_text, events.panel_id AS panel_id, events.panel_system AS panel_system, events.panel_code AS panel_code, events.panel_display AS panel_display, events.dosage AS dosage, events.dispenses AS dispenses, events.udi AS udi, events.reactions AS reactions, events.modality_system AS modality_system, events.modality_code AS modality_code, events.modality_display AS modality_display, events.body_site_system AS body_site_system, events.body_site_code AS body_site_code, events.body_site_display AS body_site_display
FROM events
WHERE events.patient_id = each_patient_id.patient_id AND events.kind = 'OBSERVATION' AND events.category = 'vital-signs' AND NOT events.retracted ORDER BY events.code_system, events.code, events.recorded_at DESC, events.id DESC) AS vitals ON true

-- patients by MRN
SELECT patients.id, patients.mrn, patients.identifiers, patients.name_prefix, patients.given_name, ...
FROM patients
WHERE patients.mrn = ANY ($1::TEXT[])
