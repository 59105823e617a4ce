ALTER TABLE products DROP COLUMN picture_alt;
ALTER TABLE pictures DROP COLUMN small;
ALTER TABLE categories DROP COLUMN archived;
ALTER TABLE categories DROP COLUMN version;
