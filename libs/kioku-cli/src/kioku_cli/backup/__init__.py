"""A stack's data in a folder of plain files, and a stack made from them."""
