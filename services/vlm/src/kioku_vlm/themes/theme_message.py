"""Themes as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kioku.vlm.v1 import theme_service_pb2 as messages

if TYPE_CHECKING:
    from kioku_vlm.themes.theme import LeftOut, Member, Picture, Theme


def theme_message(theme: Theme) -> messages.Theme:
    """One theme with what speaks for it."""
    words = theme.wording
    message = messages.Theme(
        theme_id=theme.theme_id,
        title=words.title,
        sentence=words.sentence,
        score=theme.score,
        pictures=[_member(one) for one in theme.members],
        labels=[
            messages.ThemeLabel(label_id=one.theme_id, name=one.name, score=one.score)
            for one in theme.labels
        ],
        neighbours=[
            messages.ThemeNeighbour(asset_id=str(one.asset_id), score=one.score, tag=one.tag)
            for one in theme.neighbours
        ],
        written_by=(messages.WRITTEN_BY_MODEL if words.by_model else messages.WRITTEN_BY_TEMPLATE),
        refusal=words.refusal,
    )
    if theme.start is not None:
        message.start_time.FromDatetime(theme.start)
    if theme.end is not None:
        message.end_time.FromDatetime(theme.end)
    return message


def left_out_message(one: LeftOut) -> messages.LeftOutPicture:
    """A picture without a theme."""
    return messages.LeftOutPicture(picture=_picture(one.picture), reason=one.reason)


def _member(one: Member) -> messages.ThemePicture:
    return messages.ThemePicture(
        picture=_picture(one.picture), score=one.score, evidence=one.witnesses
    )


def _picture(picture: Picture) -> messages.PictureRef:
    if isinstance(picture, UUID):
        return messages.PictureRef(asset_id=str(picture))
    return messages.PictureRef(image_index=picture)
