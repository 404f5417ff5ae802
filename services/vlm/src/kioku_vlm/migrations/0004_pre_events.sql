-- What every service has: events to send, events done, and who did what, as a chain that is sealed.
-- include: kioku_rt/outbox.sql
-- include: kioku_rt/processed.sql
-- include: kioku_rt/audit_logs.sql

-- vlm_api adds and never reads: these tables speak of every owner.
GRANT INSERT ON vlm.outbox, vlm.audit_logs TO vlm_api;
GRANT SELECT (event_id) ON vlm.outbox TO vlm_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON vlm.outbox, vlm.outbox_store, vlm.processed TO vlm_worker;
GRANT SELECT, INSERT ON vlm.audit_logs TO vlm_worker;

ALTER TABLE vlm.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE vlm.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_add ON vlm.outbox FOR INSERT TO vlm_api WITH CHECK (true);
-- ON CONFLICT looks at event ids; no other column is granted.
CREATE POLICY outbox_ids ON vlm.outbox FOR SELECT TO vlm_api USING (true);
ALTER TABLE vlm.audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE vlm.audit_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_logs_add ON vlm.audit_logs FOR INSERT TO vlm_api WITH CHECK (true);
