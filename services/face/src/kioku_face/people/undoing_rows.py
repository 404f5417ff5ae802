"""The statements that take a change back: $1 is the owner, $2 the new change, $3 the one undone.

A face goes back if it is where the change left it and may be linked as it was; the others stay.
Versions count on, for nothing that was told of a face may be told again as if it were new.
"""

from __future__ import annotations

from kioku_face.people.change_rows import PLAN

# Whom somebody became, or is to become again, must be there and be nobody else by now; else faces
# would come to somebody whom no list shows.
PEOPLE = """
SELECT c.person_id,
    c.merged_before IS NOT DISTINCT FROM c.merged_after
    OR p.merged_into IS NOT DISTINCT FROM c.merged_after
        AND EXISTS (SELECT FROM face.people o WHERE o.owner = c.owner AND o.merged_into IS NULL
            AND o.person_id = coalesce(c.merged_before, c.merged_after)) AS as_left
FROM face.change_people c JOIN face.people p USING (owner, person_id)
WHERE c.owner = $1 AND c.change_id = $2 ORDER BY c.person_id FOR NO KEY UPDATE OF p
"""
RESTORE_PEOPLE = """
WITH moved AS (
    INSERT INTO face.change_people (owner, change_id, person_id, merged_before, merged_after)
    SELECT c.owner, $2::uuid, c.person_id, c.merged_after, c.merged_before FROM face.change_people c
    WHERE c.owner = $1 AND c.change_id = $3
    RETURNING person_id, merged_before, merged_after)
UPDATE face.people p SET merged_into = m.merged_after, version = p.version + 1,
    updated_at = clock_timestamp()
FROM moved m
WHERE p.owner = $1 AND p.person_id = m.person_id AND m.merged_before IS DISTINCT FROM m.merged_after
"""
LIFT_ADDED = """
WITH lifted AS (
    DELETE FROM face.rejections r USING face.change_rejections c
    WHERE c.owner = $1 AND c.change_id = $3 AND c.added
        AND r.owner = c.owner AND r.face_id = c.face_id AND r.person_id = c.person_id
    RETURNING r.face_id, r.person_id, r.created_at)
INSERT INTO face.change_rejections (owner, change_id, face_id, person_id, added, rejected_at)
SELECT $1::text, $2::uuid, face_id, person_id, false, created_at FROM lifted
"""
# $2 is named so that every step takes the same arguments.
HOLD_CONSENTS = """
SELECT face.hold_consent($1::text, x.person_id) FROM (
    SELECT DISTINCT c.person_before AS person_id FROM face.change_faces c
    WHERE c.owner = $1 AND c.change_id = $3 AND c.change_id <> $2 AND c.person_before IS NOT NULL
    ORDER BY 1) x
"""
PLAN_BACK = f"""
WITH agreed AS MATERIALIZED (
    SELECT p.person_id FROM face.people p
    WHERE p.owner = $1 AND p.merged_into IS NULL AND p.person_id IN (
            SELECT c.person_before FROM face.change_faces c
            WHERE c.owner = $1 AND c.change_id = $3)
        AND face.has_consented(p.owner, p.person_id))
{PLAN} c.person_before, c.source_before, c.anonymous_before, c.grouped_before
FROM face.change_faces c JOIN face.faces f USING (owner, face_id)
WHERE c.owner = $1 AND c.change_id = $3
    AND (f.person_id, f.link_source) IS NOT DISTINCT FROM (c.person_after, c.source_after)
    AND (c.person_before IS NULL OR c.person_before IN (SELECT a.person_id FROM agreed a)
        AND NOT EXISTS (SELECT FROM face.rejections r WHERE r.owner = c.owner
            AND r.face_id = c.face_id AND r.person_id = c.person_before)
        AND NOT EXISTS (SELECT FROM face.faces o WHERE o.owner = f.owner
            AND o.asset_id = f.asset_id AND o.frame_no = f.frame_no AND o.face_id <> f.face_id
            AND o.person_id = c.person_before))
"""  # noqa: S608 - constants
REJECT_LIFTED = """
WITH added AS (
    INSERT INTO face.rejections (owner, face_id, person_id, created_at)
    SELECT c.owner, c.face_id, c.person_id, c.rejected_at
    FROM face.change_rejections c JOIN face.faces f USING (owner, face_id)
    WHERE c.owner = $1 AND c.change_id = $3 AND NOT c.added
        AND f.person_id IS DISTINCT FROM c.person_id
    ON CONFLICT (owner, face_id, person_id) DO NOTHING
    RETURNING face_id, person_id, created_at)
INSERT INTO face.change_rejections (owner, change_id, face_id, person_id, added, rejected_at)
SELECT $1::text, $2::uuid, face_id, person_id, true, created_at FROM added
"""
UNDONE = """
UPDATE face.changes SET undone_at = clock_timestamp() WHERE owner = $1 AND change_id = $2
"""
SKIPPED = """
SELECT c.face_id FROM face.change_faces c
WHERE c.owner = $1 AND c.change_id = $3 AND NOT EXISTS (SELECT FROM face.change_faces n
    WHERE n.owner = c.owner AND n.change_id = $2 AND n.face_id = c.face_id)
ORDER BY c.face_id
"""
