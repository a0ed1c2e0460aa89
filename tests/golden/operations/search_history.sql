-- stand-in: concepts (1)
SELECT concepts.system, concepts.code, concepts.display
FROM concepts
WHERE concepts.search_text LIKE $1::VARCHAR OR concepts.search_text LIKE $2::VARCHAR OR concepts.search_text LIKE $3::VARCHAR OR (concepts.search_text %> $4::VARCHAR)
 LIMIT 1000
