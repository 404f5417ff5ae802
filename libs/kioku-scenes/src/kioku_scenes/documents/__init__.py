"""Drawn documents that announce something, or nothing, with the truth of what they say.

for document in documents(Half.DEVELOPMENT):
    document.pages[0].image, document.entries, degrade(document, Degrade.PHOTO).sheets
"""

from kioku_scenes.documents.degrade import Degrade, Sheet, View, degrade
from kioku_scenes.documents.design import Design, Half, designs, documents
from kioku_scenes.documents.document import DrawnDocument
from kioku_scenes.documents.fonts import FontMissing, missing_faces
from kioku_scenes.documents.truth import EntryKind, Expected, Sight

__all__ = [
    "Degrade",
    "Design",
    "DrawnDocument",
    "EntryKind",
    "Expected",
    "FontMissing",
    "Half",
    "Sheet",
    "Sight",
    "View",
    "degrade",
    "designs",
    "documents",
    "missing_faces",
]
