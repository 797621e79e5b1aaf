-- Answers to requests that carried an idempotency key, and the numbers of events told lately.

CREATE TABLE idempotency_keys (
    workspace_id bigint NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    body text,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (workspace_id, key),
    CONSTRAINT fk_idempotency_keys_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX ix_idempotency_keys_age ON idempotency_keys (workspace_id, created_at);

CREATE TABLE reported_events (
    workspace_id bigint NOT NULL,
    event_ref text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_reported_events PRIMARY KEY (workspace_id, event_ref),
    CONSTRAINT fk_reported_events_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX ix_reported_events_age ON reported_events (workspace_id, created_at);
