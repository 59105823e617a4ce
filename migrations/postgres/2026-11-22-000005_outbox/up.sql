-- Letters, written in the transaction of the act they tell of, and sent afterwards.
CREATE TABLE outbox (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    -- The local part of its Message-ID: a letter that had to be sent again is recognised by it.
    message_id TEXT NOT NULL UNIQUE CHECK (length(message_id) = 22),
    kind TEXT NOT NULL,
    -- To whom, and what it says, encrypted; none once it is done with.
    sealed TEXT,
    secret_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'sent', 'refused', 'expired')),
    tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    -- What the server answered last: a code, never its words, which may quote the letter.
    answer TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    -- Nobody tries before: the next attempt, or the end of the lease of the node that is sending it.
    due_at TIMESTAMP NOT NULL,
    -- Nobody tries after: what it says is of no use then.
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    CHECK ((status = 'waiting') = (ended_at IS NULL)),
    CHECK ((status = 'waiting') = (sealed IS NOT NULL))
);
CREATE INDEX outbox_due ON outbox (status, due_at);
CREATE INDEX outbox_ended ON outbox (ended_at);
