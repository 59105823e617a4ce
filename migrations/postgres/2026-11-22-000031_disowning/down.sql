DELETE FROM mail_links WHERE purpose = 'disown';
ALTER TABLE mail_links DROP CONSTRAINT mail_links_purpose_check;
ALTER TABLE mail_links ADD CONSTRAINT mail_links_purpose_check CHECK (purpose IN ('verify', 'reset', 'change', 'register'));
