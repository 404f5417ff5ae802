-- The roles of this service. vlm_api serves callers and is bound by row-level security; vlm_worker
-- serves events and jobs and is not; vlm_sealer seals the audit and can do nothing else. None owns
-- anything, so none can switch a policy off.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['vlm_api', 'vlm_worker', 'vlm_sealer'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- roles belong to the cluster, this file to one database
        END;
    END LOOP;
END
$$;

-- Changed only where it differs: two databases of one cluster may migrate at the same time, and
-- an ALTER of the same role from both sides is refused.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['vlm_api', 'vlm_sealer'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role
                   AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR NOT rolcanlogin)) THEN
            EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', role);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vlm_worker'
               AND (rolsuper OR rolcreaterole OR rolcreatedb OR NOT (rolbypassrls AND rolcanlogin))) THEN
        ALTER ROLE vlm_worker LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB;
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS vlm;
GRANT USAGE ON SCHEMA vlm TO vlm_api, vlm_worker, vlm_sealer;
