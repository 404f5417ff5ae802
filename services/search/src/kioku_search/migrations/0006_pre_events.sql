-- What every service has: events to send, events done, and who did what.
-- include: kioku_rt/outbox.sql
-- include: kioku_rt/processed.sql
-- include: kioku_rt/audit_logs.sql

-- search_api adds and never reads: these tables speak of every owner.
GRANT INSERT ON search.outbox, search.audit_logs TO search_api;
GRANT SELECT (event_id) ON search.outbox TO search_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON search.outbox, search.outbox_store, search.processed TO search_worker;
GRANT SELECT, INSERT ON search.audit_logs TO search_worker;

ALTER TABLE search.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_add ON search.outbox FOR INSERT TO search_api WITH CHECK (true);
-- ON CONFLICT looks at event ids; no other column is granted.
CREATE POLICY outbox_ids ON search.outbox FOR SELECT TO search_api USING (true);
ALTER TABLE search.audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE search.audit_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_logs_add ON search.audit_logs FOR INSERT TO search_api WITH CHECK (true);
