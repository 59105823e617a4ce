ALTER TABLE imports DROP COLUMN categories;
