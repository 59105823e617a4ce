-- Counts the changes of a category, so that a form knows which one it was drawn from; an archived one has nothing for sale.
ALTER TABLE categories ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE categories ADD COLUMN archived BOOLEAN NOT NULL DEFAULT FALSE;

-- A picture that was uploaded has a small size beside it; what it shows, in words, belongs to the product.
ALTER TABLE pictures ADD COLUMN small BLOB;
ALTER TABLE products ADD COLUMN picture_alt TEXT NOT NULL DEFAULT '';
