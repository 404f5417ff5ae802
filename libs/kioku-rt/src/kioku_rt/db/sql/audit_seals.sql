-- The audit as a chain: each seal holds a digest over the rows it covers and over the seal before it,
-- so that a row that is changed, removed or put in afterwards is found, and by which seal.
-- (Haber and Stornetta, "How to time-stamp a digital document", J. Cryptology 3, 1991.)
-- `architecture/audit.md` says byte for byte what is hashed.

-- Tables are made in this schema; names are looked up in pg_catalog first and among temporary tables
-- last, also by the functions below, which run with their owner's rights.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE TABLE audit_seals (
  seal_id bigint PRIMARY KEY CHECK (seal_id > 0),
  last_id bigint NOT NULL UNIQUE CHECK (last_id < 9223372036854775807),
  rows bigint NOT NULL CHECK (rows > 0),
  made_at timestamptz NOT NULL,
  previous bytea NOT NULL CHECK (length(previous) = 32),
  digest bytea NOT NULL CHECK (length(digest) = 32)
);
COMMENT ON TABLE audit_seals IS 'seals are numbered 1, 2, 3, …; each covers the ids above the last_id of the one before';
COMMENT ON COLUMN audit_seals.previous IS 'digest of the seal before; of the first: zeros';

CREATE FUNCTION refuse_change_of_audit_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_seals is insert-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_seals_insert_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_seals();

-- Ids are given out before transactions commit, so the newest id that can be read is no end: a
-- smaller one may still come. `horizon` was the newest id given out at some moment, and `writers`
-- were the transactions that could still bring one up to it.
CREATE TABLE audit_seal_state (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  horizon bigint NOT NULL,
  writers text[] NOT NULL
);
INSERT INTO audit_seal_state (horizon, writers) VALUES (0, '{}');

-- The functions below read the whole audit, as the owner of the table, whom its policies bind too.
CREATE POLICY audit_logs_seal ON audit_logs FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION audit_field(p_text text) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT int4send(length(convert_to(p_text, 'UTF8'))) || convert_to(p_text, 'UTF8')
$$;

-- The digest of one row.
CREATE FUNCTION audit_leaf(p_row audit_logs) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(int8send(p_row.id) || timestamptz_send(p_row.at)
    || audit_field(p_row.actor) || audit_field(p_row.action) || audit_field(p_row.subject)
    || audit_field(p_row.outcome) || audit_field(p_row.reason) || audit_field(p_row.details::text))
$$;

-- The digest of a seal; `p_leaves` are the digests of its rows, one after another by id.
CREATE FUNCTION audit_seal_digest(
  p_seal_id bigint, p_last_id bigint, p_rows bigint, p_made_at timestamptz, p_previous bytea, p_leaves bytea
) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(p_previous || int8send(p_seal_id) || int8send(p_last_id) || int8send(p_rows)
    || timestamptz_send(p_made_at) || sha256(p_leaves))
$$;

-- The lowest id that the seal after `p_last_id` covers; NULL: the first seal, which covers all below.
CREATE FUNCTION audit_first_id(p_last_id bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(p_last_id + 1, -9223372036854775808)
$$;

-- The newest id that was given out.
CREATE FUNCTION audit_horizon() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_logs', 'id')::regclass), 0)
$$;

-- Whoever inserts holds this lock before an id is given out, and until the commit can be seen.
CREATE FUNCTION audit_writers() RETURNS text[] LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(array_agg(DISTINCT l.virtualtransaction), '{}') FROM pg_locks l
  WHERE l.locktype = 'relation' AND l.relation = 'audit_logs'::regclass AND l.mode = 'RowExclusiveLock'
    AND l.granted AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

-- One seal over at most `p_most` rows up to `p_horizon`, below which nothing can come any more.
CREATE FUNCTION add_audit_seal(p_horizon bigint, p_most integer) RETURNS SETOF audit_seals
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  before audit_seals;
  found_rows bigint;
  reached bigint;
  leaves bytea;
  made timestamptz := clock_timestamp();
BEGIN
  SELECT * INTO before FROM audit_seals ORDER BY seal_id DESC LIMIT 1;
  SELECT count(*), max(r.id), string_agg(r.leaf, '' ORDER BY r.id) INTO found_rows, reached, leaves FROM (
    SELECT a.id, audit_leaf(a) AS leaf FROM audit_logs a
    WHERE a.id >= audit_first_id(before.last_id) AND a.id <= p_horizon ORDER BY a.id LIMIT p_most
  ) r;
  IF found_rows = 0 THEN
    RETURN;
  END IF;
  before.seal_id := coalesce(before.seal_id, 0) + 1;
  before.last_id := CASE WHEN found_rows < p_most THEN p_horizon ELSE reached END;
  before.previous := coalesce(before.digest, decode(repeat('00', 32), 'hex'));
  before.digest := audit_seal_digest(
    before.seal_id, before.last_id, found_rows, made, before.previous, leaves);
  RETURN QUERY INSERT INTO audit_seals (seal_id, last_id, rows, made_at, previous, digest)
    VALUES (before.seal_id, before.last_id, found_rows, made, before.previous, before.digest) RETURNING *;
END
$$;

-- Seals what can be sealed, at most `p_most` rows in a seal; gives the seals that it made, two at most.
-- Another call seals what this one could not: more rows, and those beside which somebody was at work.
CREATE FUNCTION seal_audit(p_most integer DEFAULT 10000) RETURNS SETOF audit_seals
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  state audit_seal_state;
BEGIN
  IF p_most < 1 OR p_most > 100000 THEN
    RAISE EXCEPTION 'between 1 and 100000 rows' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT * INTO state FROM audit_seal_state FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR state.writers && audit_writers() THEN
    RETURN;  -- somebody else seals, or an id up to the horizon may still come
  END IF;
  RETURN QUERY SELECT * FROM add_audit_seal(state.horizon, p_most);
  IF FOUND AND state.horizon > (SELECT max(s.last_id) FROM audit_seals s) THEN
    RETURN;  -- there are more up to this horizon
  END IF;
  state.horizon := audit_horizon();  -- first: a writer that came later got a larger id
  state.writers := audit_writers();
  UPDATE audit_seal_state SET horizon = state.horizon, writers = state.writers;
  IF state.writers = '{}' THEN
    RETURN QUERY SELECT * FROM add_audit_seal(state.horizon, p_most);
  END IF;
END
$$;

-- Every seal after `p_after` beside what it should be by the rows that are there now, in order, until
-- about `p_rows` rows were read.
CREATE FUNCTION verify_audit(p_after bigint DEFAULT 0, p_rows bigint DEFAULT 50000)
RETURNS TABLE (
  seal_id bigint, rows bigint, found_rows bigint, made_at timestamptz, digest bytea, computed bytea
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
  before audit_seals;
  seal audit_seals;
  nothing constant bytea := decode(repeat('00', 32), 'hex');
  leaves bytea;
  total bigint := 0;
BEGIN
  SELECT * INTO before FROM audit_seals s WHERE s.seal_id <= p_after ORDER BY s.seal_id DESC LIMIT 1;
  FOR seal IN SELECT * FROM audit_seals s WHERE s.seal_id > p_after ORDER BY s.seal_id LOOP
    SELECT count(*), string_agg(audit_leaf(a), '' ORDER BY a.id) INTO found_rows, leaves FROM audit_logs a
    WHERE a.id >= audit_first_id(before.last_id) AND a.id <= seal.last_id;
    seal_id := seal.seal_id;
    rows := seal.rows;
    made_at := seal.made_at;
    digest := seal.digest;
    -- The number and the digest that follow from the seal before: a seal that was taken out shows.
    computed := audit_seal_digest(coalesce(before.seal_id, 0) + 1, seal.last_id, found_rows, seal.made_at,
      coalesce(before.digest, nothing), coalesce(leaves, ''));
    IF seal.previous <> coalesce(before.digest, nothing) THEN
      computed := nothing;
    END IF;
    RETURN NEXT;
    total := total + found_rows;
    EXIT WHEN total >= p_rows;
    before := seal;
  END LOOP;
END
$$;

-- Rows above the last seal: how many, and how many of them have an id that was never given out.
CREATE FUNCTION audit_tail() RETURNS TABLE (unsealed bigint, impossible bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  sealed_to bigint := (SELECT max(s.last_id) FROM audit_seals s);
  newest bigint;
BEGIN
  SELECT count(*), max(a.id) INTO unsealed, newest FROM audit_logs a
  WHERE a.id >= audit_first_id(sealed_to);
  impossible := 0;
  IF newest > audit_horizon() THEN
    SELECT count(*) INTO impossible FROM audit_logs a WHERE a.id > audit_horizon();
  END IF;
  RETURN NEXT;
END
$$;

REVOKE ALL ON FUNCTION audit_field, audit_leaf, audit_seal_digest, audit_first_id, audit_horizon, audit_writers,
  add_audit_seal, seal_audit, verify_audit, audit_tail FROM PUBLIC;
