"""The closed word lists a scene is made of, each with its English and Japanese words.

A Japanese entry is a tuple of words, so that a caption's words can be counted.
"""

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """One value of an attribute: its English words and its Japanese words."""

    english: str
    japanese: Words


def _terms(rows: str) -> dict[str, Term]:
    """Read 'value=english=ja|ja' rows; an empty English field repeats the value."""
    terms = {}
    for row in rows.split(";"):
        value, english, japanese = (part.strip() for part in row.split("="))
        terms[value] = Term(english or value, tuple(japanese.split("|")))
    return terms


COLOURS = _terms(
    "red==赤い;orange==オレンジ色|の;yellow==黄色い;green==緑|の;turquoise==水色|の;blue==青い;"
    "purple==紫|の;pink==ピンク|の;brown==茶色い;black==黒い;white==白い;grey==灰色|の"
)
SIZES = _terms("tiny==極小|の;small==小さい;large==大きい;huge==巨大|な")
TEXTURES = _terms("striped==しま模様|の;spotted==水玉模様|の;checked==市松模様|の")
COUNTS = _terms("2=two=二;3=three=三;4=four=四;5=five=五")

PLACES = _terms(
    "middle=in the middle=真ん中;left=on the left=左側;right=on the right=右側;top=at the top=上側;"
    "bottom=at the bottom=下側;top left=at the top left=左上;top right=at the top right=右上;"
    "bottom left=at the bottom left=左下;bottom right=at the bottom right=右下"
)
LINES = _terms(
    "row=in a row=横|一列;column=in a column=縦|一列;rising=on a rising diagonal=右上がり;"
    "falling=on a falling diagonal=右下がり"
)
RELATIONS = _terms("left=left of=左;right=right of=右;above==上;below==下")
ORDERS = _terms("across=from left to right=左|から|順に;down=from top to bottom=上|から|順に")

BACKDROPS = _terms(
    "cream=against cream=クリーム色;pale pink=against pale pink=薄い|ピンク;"
    "pale blue=against pale blue=薄い|青;mint=against mint green=薄い|緑;"
    "lavender=against lavender=薄い|紫;dark grey=against dark grey=濃い|灰色;"
    "navy=against navy blue=紺色;grass=on grass=草原;sand=on sand=砂浜;snow=in the snow=雪景色;"
    "night=under a night sky=夜空;sky=under a cloudy sky=曇り|空;sea=over the sea=海;"
    "sunset=at sunset=夕焼け;bricks=before a brick wall=れんが|の|壁;"
    "boards=on wooden boards=木|の|板;"
    "tiles=on a tiled floor=タイル|の|床;rain=in the rain=雨;hills=before the mountains=山;"
    "confetti=amid confetti=紙吹雪"
)
