"""Pictures from anybody, read safely: sniffed by magic, bounded before decode, upright, sRGB."""

from kioku_rt.images.decoder import DecodedImage, decode
from kioku_rt.images.encoder import encode_jpeg
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.media import IMAGE_TYPES, SNIFF_BYTES, is_video, sniff
from kioku_rt.images.pool import DecodePool

__all__ = [
    "IMAGE_TYPES",
    "SNIFF_BYTES",
    "DecodePool",
    "DecodedImage",
    "ImageLimits",
    "decode",
    "encode_jpeg",
    "is_video",
    "sniff",
]
