-- Webhook calls: one row for each version of an observation that the app is to hear of, and one more
-- for each time somebody asked to be told again. A row ends with its observation.
CREATE TABLE vlm.webhook_deliveries (
    owner text NOT NULL,
    delivery_id uuid NOT NULL,
    observation_id uuid NOT NULL,
    version bigint NOT NULL,
    request int NOT NULL DEFAULT 0,  -- 0: by the event; 1, 2, … each time it was asked for again
    state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED')),
    facts jsonb NOT NULL,  -- ids and counts: no words of a document
    attempts int NOT NULL DEFAULT 0,
    http_status int NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    next_at timestamptz DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, delivery_id),
    UNIQUE (owner, observation_id, version, request),
    FOREIGN KEY (owner, observation_id) REFERENCES vlm.vlm_observations ON DELETE CASCADE,
    CHECK ((state = 'PENDING') = (next_at IS NOT NULL))
);
CREATE INDEX webhook_deliveries_due ON vlm.webhook_deliveries (next_at) WHERE state = 'PENDING';
CREATE INDEX webhook_deliveries_failed ON vlm.webhook_deliveries (updated_at)
    WHERE state = 'FAILED';

ALTER TABLE vlm.webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE vlm.webhook_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_deliveries_owner ON vlm.webhook_deliveries TO vlm_api
    USING (owner = nullif(current_setting('kioku.owner', true), ''))
    WITH CHECK (owner = nullif(current_setting('kioku.owner', true), ''));
GRANT SELECT, INSERT ON vlm.webhook_deliveries TO vlm_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON vlm.webhook_deliveries TO vlm_worker;
