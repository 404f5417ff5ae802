-- The audit as a chain, sealed by a role that can do nothing else.
-- include: kioku_rt/audit_seals.sql
GRANT EXECUTE ON FUNCTION vlm.seal_audit, vlm.verify_audit, vlm.audit_tail TO vlm_sealer;
