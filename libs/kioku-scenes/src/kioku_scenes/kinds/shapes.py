"""Plain shapes and signs of the sky."""

from kioku_scenes.kinds.kind import Kind, kind

SHAPES: tuple[Kind, ...] = (
    kind(
        "circle/circles/丸",
        "個",
        "o m 4 4 96 96",
    ),
    kind(
        "square/squares/四角",
        "個",
        "b m 8 8 92 92",
    ),
    kind(
        "triangle/triangles/三角",
        "個",
        "p m 50 6 96 92 4 92",
    ),
    kind(
        "star/stars/星",
        "個",
        "p m 50 2 62 36 98 37 69 59 80 94 50 73 20 94 31 59 2 37 38 36",
    ),
    kind(
        "heart/hearts/ハート",
        "個",
        "p m 50 96 8 52 2 32 8 16 22 8 36 10 50 24 64 10 78 8 92 16 98 32 92 52",
    ),
    kind(
        "diamond/diamonds/ひし形",
        "個",
        "p m 50 2 86 50 50 98 14 50",
    ),
    kind(
        "cross/crosses/十字",
        "個",
        "p m 36 4 64 4 64 36 96 36 96 64 64 64 64 96 36 96 36 64 4 64 4 36 36 36",
    ),
    kind(
        "crescent/crescents/三日月",
        "個",
        "p m 62 4 34 12 16 34 14 62 30 86 58 96 84 88 62 82 46 66 40 46 46 22",
    ),
    kind(
        "arrow/arrows/矢印",
        "本",
        "p m 2 38 56 38 56 14 98 50 56 86 56 62 2 62",
    ),
    kind(
        "hexagon/hexagons/六角形",
        "個",
        "p m 27 8 73 8 98 50 73 92 27 92 2 50",
    ),
    kind(
        "cloud/clouds/雲",
        "個",
        "p m 14 82 4 70 6 54 18 48 22 30 40 22 56 30 64 24 80 32 82 48 94 52 98 68 88 82",
    ),
    kind(
        "lightning bolt/lightning bolts/稲妻",
        "本",
        "p m 56 0 18 56 44 56 30 100 82 38 54 38 74 0",
    ),
    kind(
        "drop/drops/しずく",
        "個",
        "p m 50 0 76 44 24 44; o m 20 30 80 98; o l 32 56 46 76",
    ),
    kind(
        "sun/suns/太陽",
        "個",
        "p m 50 0 58 22 42 22; p m 50 100 58 78 42 78; p m 0 50 22 42 22 58; "
        "p m 100 50 78 42 78 58; p m 14 14 34 24 24 34; p m 86 14 66 24 76 34; "
        "p m 14 86 34 76 24 66; p m 86 86 66 76 76 66; o m 24 24 76 76",
    ),
)
