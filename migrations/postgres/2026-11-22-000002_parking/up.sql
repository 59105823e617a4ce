-- Forms that arrived when their session was gone, kept for fifteen minutes.
CREATE TABLE parked_forms (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    -- SHA-256 of the ticket in the browser's cookie.
    browser TEXT NOT NULL CHECK (length(browser) = 43),
    -- Whose session the dead cookies named, and their epoch then; none if they named nobody's.
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    epoch BIGINT,
    -- Whoever signs in at this browser has it carried out by that.
    at_sign_in BOOLEAN NOT NULL,
    sealed TEXT NOT NULL CHECK (length(sealed) <= 65536),
    secret_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    -- Taken to be carried out: when, by whom, and where its answer led; an empty text if that was a page.
    spent_at TIMESTAMP,
    spent_by BIGINT,
    led_to TEXT,
    CHECK ((user_id IS NULL) = (epoch IS NULL)),
    CHECK (user_id IS NULL OR NOT at_sign_in),
    CHECK ((spent_at IS NULL) = (spent_by IS NULL)),
    CHECK (led_to IS NULL OR spent_at IS NOT NULL)
);
CREATE INDEX parked_forms_browser ON parked_forms (browser);
CREATE INDEX parked_forms_user ON parked_forms (user_id);
CREATE INDEX parked_forms_expires ON parked_forms (expires_at);
