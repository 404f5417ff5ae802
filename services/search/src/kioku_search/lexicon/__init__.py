"""Words of assets."""
