-- patients by id
SELECT patients.id, patients.mrn, patients.identifiers, patients.name_prefix, patients.given_name, ...
FROM patients
WHERE patients.id = ANY ($1::UUID[])

-- stand-in: patients alike (1)
SELECT patients.id, patients.mrn, patients.given_name, patients.middle_name, patients.family_name, ...
FROM patients
WHERE (patients.search_text LIKE $1::VARCHAR OR patients.search_text LIKE $2::VARCHAR OR patients.search_text LIKE $3::VARCHAR OR (patients.search_text %> $4::VARCHAR) OR patients.birth_key >= $5::DATE AND patients.birth_key < $6::DATE) AND ($7::TEXT[] IS NULL OR patients.state = ANY ($7::TEXT[])) AND ($8::TEXT[] IS NULL OR patients.city = ANY ($8::TEXT[])) AND ($9::TEXT[] IS NULL OR patients.sex = ANY ($9::TEXT[])) AND ($10::DATE IS NULL OR patients.birth_date >= $10::DATE) AND ($11::DATE IS NULL OR patients.birth_date < $11::DATE) AND ($12::BOOLEAN IS NULL OR patients.deceased = $12::BOOLEAN) AND ($13::VARCHAR IS NULL OR patients.family_key >= fold($13::VARCHAR) AND patients.family_key < (fold($13::VARCHAR) || chr(1114111)))
 LIMIT 1000

-- stand-in: patients by parts (1)
SELECT patients.id, patients.mrn, patients.given_name, patients.middle_name, patients.family_name, ...
FROM patients
WHERE (patients.search_text LIKE $1::VARCHAR OR patients.search_text LIKE $2::VARCHAR OR patients.search_text LIKE $3::VARCHAR OR patients.birth_key >= $4::DATE AND patients.birth_key < $5::DATE) AND ($6::TEXT[] IS NULL OR patients.state = ANY ($6::TEXT[])) AND ($7::TEXT[] IS NULL OR patients.city = ANY ($7::TEXT[])) AND ($8::TEXT[] IS NULL OR patients.sex = ANY ($8::TEXT[])) AND ($9::DATE IS NULL OR patients.birth_date >= $9::DATE) AND ($10::DATE IS NULL OR patients.birth_date < $10::DATE) AND ($11::BOOLEAN IS NULL OR patients.deceased = $11::BOOLEAN) AND ($12::VARCHAR IS NULL OR patients.family_key >= fold($12::VARCHAR) AND patients.family_key < (fold($12::VARCHAR) || chr(1114111)))
 LIMIT 1000
