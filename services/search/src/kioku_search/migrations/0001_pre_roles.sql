-- The two roles of this service and the floor under its vector index.
-- search_api serves callers and is bound by row-level security; search_worker serves events and
-- jobs and is not. Neither owns anything, so neither can switch a policy off.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['search_api', 'search_worker'] LOOP
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
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'search_api'
               AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR NOT rolcanlogin)) THEN
        ALTER ROLE search_api LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'search_worker'
               AND (rolsuper OR rolcreaterole OR rolcreatedb OR NOT (rolbypassrls AND rolcanlogin))) THEN
        ALTER ROLE search_worker LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB;
    END IF;
END
$$;

CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;

-- Below 0.8.4 a vacuum can damage an HNSW graph, and answers then lack rows without any error.
DO $$
DECLARE
    found text := (SELECT extversion FROM pg_extension WHERE extname = 'vector');
BEGIN
    IF string_to_array(found, '.')::int[] < ARRAY[0, 8, 4] THEN
        RAISE EXCEPTION 'pgvector % is too old: 0.8.4 or newer is needed', found;
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS search;
GRANT USAGE ON SCHEMA search TO search_api, search_worker;
