-- The sending rules of a workspace.

CREATE TABLE cadence_policies (
    workspace_id bigint NOT NULL,
    cap_limit bigint,
    cap_days bigint,
    quiet_from time without time zone,
    quiet_until time without time zone,
    sending_days smallint[] NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT pk_cadence_policies PRIMARY KEY (workspace_id),
    CONSTRAINT fk_cadence_policies_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE,
    CONSTRAINT ck_cadence_policies_cap_in_range CHECK ((cap_limit >= 1 AND cap_limit <= 40) AND (cap_days >= 1 AND cap_days <= 366)),
    CONSTRAINT ck_cadence_policies_cap_is_whole CHECK ((cap_limit IS NULL) = (cap_days IS NULL)),
    CONSTRAINT ck_cadence_policies_days_of_a_week CHECK (sending_days <@ '{0,1,2,3,4,5,6}'::smallint[]),
    CONSTRAINT ck_cadence_policies_quiet_ends CHECK (quiet_from <> quiet_until),
    CONSTRAINT ck_cadence_policies_quiet_is_whole CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CONSTRAINT ck_cadence_policies_some_day CHECK ((cardinality(sending_days) >= 1) AND (cardinality(sending_days) <= 7))
);
