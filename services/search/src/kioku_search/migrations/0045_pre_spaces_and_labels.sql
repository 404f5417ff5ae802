-- Who changes labels holds the spaces before the asset, like whoever writes a vector.
GRANT EXECUTE ON FUNCTION search.space_for_write TO search_api;

-- That every asset has followed a change of spaces is no change of an answer.
DROP TRIGGER spaces_epoch_update ON search.spaces;
CREATE TRIGGER spaces_epoch_update AFTER UPDATE ON search.spaces FOR EACH ROW
    WHEN (to_jsonb(OLD) - '{updated_at,settled}'::text[] IS DISTINCT FROM to_jsonb(NEW) - '{updated_at,settled}'::text[])
    EXECUTE FUNCTION search.count_spaces_epoch();
