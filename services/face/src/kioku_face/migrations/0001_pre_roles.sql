-- The roles of this service. face_api serves callers and is bound by row-level security; face_worker
-- serves events and jobs and is not; face_sealer seals the audit and can do nothing else. None owns
-- anything, so none can switch a policy off.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['face_api', 'face_worker', 'face_sealer'] LOOP
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
    FOREACH role IN ARRAY ARRAY['face_api', 'face_sealer'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role
                   AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR NOT rolcanlogin)) THEN
            EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', role);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'face_worker'
               AND (rolsuper OR rolcreaterole OR rolcreatedb OR NOT (rolbypassrls AND rolcanlogin))) THEN
        ALTER ROLE face_worker LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB;
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS face;
GRANT USAGE ON SCHEMA face TO face_api, face_worker, face_sealer;
