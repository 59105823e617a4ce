-- The tax that the total contained when it was placed, and each line's rate then, in hundredths of a percent.
ALTER TABLE orders ADD COLUMN tax BIGINT NOT NULL DEFAULT 0 CHECK (tax >= 0);
ALTER TABLE order_lines ADD COLUMN tax_rate BIGINT NOT NULL DEFAULT 0 CHECK (tax_rate BETWEEN 0 AND 10000);
