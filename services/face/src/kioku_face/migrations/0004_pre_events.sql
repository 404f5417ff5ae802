-- What every service has: events to send, events done, and who did what.
-- include: kioku_rt/outbox.sql
-- include: kioku_rt/processed.sql
-- include: kioku_rt/audit_logs.sql

-- face_api adds and never reads: these tables speak of every owner.
GRANT INSERT ON face.outbox, face.audit_logs TO face_api;
GRANT SELECT (event_id) ON face.outbox TO face_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON face.outbox, face.outbox_store, face.processed TO face_worker;
GRANT SELECT, INSERT ON face.audit_logs TO face_worker;

ALTER TABLE face.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE face.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_add ON face.outbox FOR INSERT TO face_api WITH CHECK (true);
-- ON CONFLICT looks at event ids; no other column is granted.
CREATE POLICY outbox_ids ON face.outbox FOR SELECT TO face_api USING (true);
ALTER TABLE face.audit_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE face.audit_logs FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_logs_add ON face.audit_logs FOR INSERT TO face_api WITH CHECK (true);
