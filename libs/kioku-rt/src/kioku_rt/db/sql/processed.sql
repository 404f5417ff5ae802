-- Events that a consumer has already turned into their effect, written in the same transaction.
CREATE TABLE processed (
  consumer text NOT NULL,
  event_id text NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX processed_age ON processed (processed_at);
