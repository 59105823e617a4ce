ALTER TABLE order_lines DROP COLUMN tax_rate;
ALTER TABLE orders DROP COLUMN tax;
