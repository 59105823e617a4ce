ALTER TABLE order_events DROP COLUMN payment;
DROP TABLE trial_bills;
DROP TABLE payment_events;
DROP TABLE payments;
