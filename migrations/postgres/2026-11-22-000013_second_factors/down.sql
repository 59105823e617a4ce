ALTER TABLE sessions DROP COLUMN confirmed_at;
DROP TABLE half_sign_ins;
DROP TABLE code_failures;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
