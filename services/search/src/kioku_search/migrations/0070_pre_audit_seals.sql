-- The audit of this schema as a chain, sealed by a role that can do nothing else.
DO $$
BEGIN
    CREATE ROLE search_sealer;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- roles belong to the cluster, this file to one database
END
$$;
-- Changed only where it differs, see the first migration.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'search_sealer'
               AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR NOT rolcanlogin)) THEN
        ALTER ROLE search_sealer LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA search TO search_sealer;

-- include: kioku_rt/audit_seals.sql
GRANT EXECUTE ON FUNCTION search.seal_audit, search.verify_audit, search.audit_tail TO search_sealer;
