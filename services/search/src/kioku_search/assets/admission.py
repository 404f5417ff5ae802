"""Which uploads are accepted: by announced type and size first, by the bytes afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kioku_rt.errors import InvalidInput
from kioku_rt.images.media import IMAGE_TYPES, is_video
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Asset, Failure, Kind

# Names in use for types that the bytes will tell as another one.
ALIASES = {"image/jpg": "image/jpeg", "image/heic": "image/heif"}
_CONTAINERS = "MP4, QuickTime, WebM, Matroska, AVI or MPEG-TS"


@dataclass(frozen=True)
class UploadRules:
    """What this deployment accepts.

    Args:
        max_bytes: of one picture.
        max_video_bytes: of one video.
        videos: whether videos are accepted.
        patience: how long an upload may stay incomplete.
    """

    max_bytes: int
    max_video_bytes: int
    videos: bool
    patience: timedelta

    def kind(self, content_type: str) -> Kind:
        """What an asset of the announced type is.

        Raises:
            InvalidInput: IMAGE_UNSUPPORTED_FORMAT, VIDEO_UNSUPPORTED.
        """
        if content_type in IMAGE_TYPES or content_type in ALIASES:
            return Kind.IMAGE
        if not is_video(content_type):
            raise InvalidInput(
                Reason.IMAGE_UNSUPPORTED_FORMAT,
                f"The type is none of: {', '.join(sorted(IMAGE_TYPES))}, video/*.",
                field="content_type",
            )
        if not self.videos:
            raise InvalidInput(Reason.VIDEO_UNSUPPORTED, field="content_type")
        return Kind.VIDEO

    def check_size(self, size: int, kind: Kind) -> None:
        """Refuse an announced size.

        Raises:
            InvalidInput: IMAGE_EMPTY, FIELD_INVALID, IMAGE_TOO_LARGE, VIDEO_TOO_LARGE.
        """
        video = kind is Kind.VIDEO
        limit = self.max_video_bytes if video else self.max_bytes
        if size == 0 and not video:
            raise InvalidInput(Reason.IMAGE_EMPTY, field="size_bytes")
        if size <= 0:
            raise InvalidInput(
                Reason.FIELD_INVALID, "The size is not positive.", field="size_bytes"
            )
        if size > limit:
            raise InvalidInput(
                Reason.VIDEO_TOO_LARGE if video else Reason.IMAGE_TOO_LARGE,
                f"The file has {size} bytes; the limit is {limit}.",
                field="size_bytes",
                metadata={"bytes": str(size), "limit": str(limit)},
            )

    def refusal(self, asset: Asset, media_type: str | None) -> Failure | None:
        """Why bytes of this type are not those of the announced asset; None: they are."""
        if is_video(media_type) and not self.videos:
            return Failure(Reason.VIDEO_UNSUPPORTED, "The bytes are a video; upload pictures.")
        if is_video(media_type) and asset.kind is Kind.VIDEO:
            return None
        if media_type in IMAGE_TYPES and asset.kind is Kind.IMAGE:
            return None
        found = f"The bytes are {media_type or 'of no known type'}, announced was"
        if asset.kind is Kind.VIDEO:
            return Failure(
                Reason.VIDEO_UNSUPPORTED_FORMAT,
                f"{found} {asset.content_type}; upload {_CONTAINERS}.",
            )
        return Failure(
            Reason.IMAGE_UNSUPPORTED_FORMAT,
            f"{found} {asset.content_type}; upload one of: {', '.join(sorted(IMAGE_TYPES))}.",
        )
