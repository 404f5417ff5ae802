"""What an owner has: uploads, assets, labels, deletions."""
