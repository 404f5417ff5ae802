-- The audit of faces as a chain, sealed by a role that can do nothing else.
-- include: kioku_rt/audit_seals.sql
GRANT EXECUTE ON FUNCTION face.seal_audit, face.verify_audit, face.audit_tail TO face_sealer;

-- The audit is read by who and by what, the newest first; by subject there is an index already.
CREATE INDEX audit_logs_actor ON face.audit_logs (actor, id);
CREATE INDEX audit_logs_action ON face.audit_logs (action, id);
