ALTER TABLE users DROP COLUMN deleted_at;
DROP TABLE api_tokens;
