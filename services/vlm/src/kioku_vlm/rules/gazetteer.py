"""Names of places and the zones they lie in; a name that many places share is not among them."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

from kioku_vlm.rules.traits import ADDRESS

_JAPAN = ["北海道", "青森", "岩手", "宮城", "秋田", "山形", "福島県", "茨城", "栃木", "群馬", "埼玉", "千葉", "東京", "神奈川", "新潟", "富山県", "石川県", "福井", "山梨", "長野", "岐阜", "静岡", "愛知県", "三重県", "滋賀", "京都", "大阪", "兵庫", "奈良", "和歌山", "鳥取", "島根", "岡山", "広島", "山口県", "徳島", "香川県", "愛媛", "高知", "福岡", "佐賀", "長崎", "熊本", "大分", "宮崎県", "鹿児島", "沖縄", "札幌", "仙台", "さいたま", "横浜", "川崎市", "相模原", "名古屋", "浜松", "堺市", "神戸", "北九州", "那覇", "金沢", "松本市", "鎌倉", "渋谷", "新宿", "池袋", "銀座", "上野", "浅草", "梅田", "難波", "博多", "函館", "旭川", "盛岡", "水戸", "宇都宮", "前橋", "高崎", "八王子", "甲府", "津市", "大津", "姫路", "倉敷", "松江", "松山市", "高松", "日本武道館", "tokyo", "osaka", "kyoto", "yokohama", "nagoya", "sapporo", "fukuoka", "kobe", "hiroshima", "sendai", "okinawa", "japan"]
_ZONES: dict[str, str] = {
    "Asia/Seoul": "seoul busan incheon korea ソウル 釜山", "Asia/Taipei": "taipei taiwan kaohsiung 台北 台湾",
    "Asia/Shanghai": "shanghai beijing shenzhen guangzhou 上海 北京", "Asia/Hong_Kong": "hong_kong 香港",
    "Asia/Singapore": "singapore シンガポール", "Asia/Bangkok": "bangkok バンコク", "Asia/Manila": "manila quezon_city",
    "Asia/Jakarta": "jakarta", "Asia/Kuala_Lumpur": "kuala_lumpur", "Asia/Ho_Chi_Minh": "hanoi ho_chi_minh saigon",
    "Asia/Kolkata": "mumbai delhi bangalore bengaluru kolkata chennai hyderabad", "Asia/Dubai": "dubai abu_dhabi",
    "Asia/Jerusalem": "jerusalem tel_aviv", "Europe/Istanbul": "istanbul",
    "Europe/London": "london manchester liverpool leeds sheffield edinburgh glasgow cardiff belfast brighton "
    "nottingham norwich leicester swansea aberdeen southampton yorkshire devon cornwall scotland wales england ロンドン",
    "Europe/Dublin": "dublin galway limerick", "Europe/Paris": "paris lyon marseille toulouse bordeaux パリ",
    "Europe/Berlin": "berlin munich münchen hamburg cologne köln frankfurt stuttgart leipzig dresden ベルリン",
    "Europe/Vienna": "vienna wien salzburg", "Europe/Zurich": "zurich zürich basel geneva genève",
    "Europe/Amsterdam": "amsterdam rotterdam utrecht the_hague", "Europe/Brussels": "brussels antwerp ghent",
    "Europe/Madrid": "madrid barcelona seville valencia bilbao", "Europe/Lisbon": "lisbon lisboa porto",
    "Europe/Rome": "milan milano florence firenze venice naples turin bologna", "Europe/Copenhagen": "copenhagen aarhus",
    "Europe/Stockholm": "stockholm gothenburg malmö", "Europe/Oslo": "oslo bergen", "Europe/Helsinki": "helsinki",
    "Europe/Prague": "prague brno", "Europe/Warsaw": "warsaw kraków krakow", "Europe/Budapest": "budapest",
    "Europe/Athens": "thessaloniki piraeus",
    "America/New_York": "new_york brooklyn manhattan boston philadelphia pittsburgh baltimore atlanta miami orlando "
    "tampa detroit cleveland cincinnati charlotte raleigh buffalo washington,_dc,ny,nj,ma,pa,ct,md,va,ga,nc,sc,"
    "oh,vt,nh,me,ri,de ニューヨーク",
    "America/Chicago": "chicago milwaukee minneapolis st._louis new_orleans dallas houston austin san_antonio "
    "memphis kansas_city oklahoma_city ,il,wi,mn,mo,ia,la,ms,al,ar,ok,tx",
    "America/Denver": "denver boulder salt_lake_city albuquerque ,co,ut,nm,wy,mt",
    "America/Phoenix": "phoenix tucson scottsdale ,az",
    "America/Los_Angeles": "los_angeles san_francisco san_diego san_jose,_ca oakland sacramento seattle tacoma "
    "las_vegas ,ca,wa,or,nv ロサンゼルス",
    "America/Anchorage": "anchorage ,ak", "Pacific/Honolulu": "honolulu waikiki hawaii ,hi ホノルル ハワイ",
    "America/Toronto": "toronto ottawa montreal montréal ,on,qc", "America/Vancouver": "vancouver,_bc ,bc",
    "America/Edmonton": "calgary edmonton", "America/Winnipeg": "winnipeg", "America/Halifax": "halifax,_ns",
    "America/Mexico_City": "mexico_city guadalajara", "America/Sao_Paulo": "são_paulo sao_paulo rio_de_janeiro",
    "America/Argentina/Buenos_Aires": "buenos_aires", "America/Bogota": "bogotá bogota", "America/Lima": "lima,_peru",
    "Australia/Sydney": "sydney wollongong ,nsw シドニー", "Australia/Melbourne": "melbourne geelong",
    "Australia/Brisbane": "brisbane gold_coast ,qld", "Australia/Adelaide": "adelaide", "Australia/Perth": "fremantle",
    "Australia/Hobart": "hobart", "Pacific/Auckland": "auckland christchurch dunedin new_zealand",
    "Africa/Johannesburg": "johannesburg cape_town durban", "Africa/Nairobi": "nairobi", "Africa/Cairo": "cairo",
    "Africa/Lagos": "lagos",
}  # fmt: skip
_POSTCODE_UK = re.compile(r"\b[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}\b")
_STATE = re.compile(r",\s?([A-Z]{2,3})(?=\s\d{4,5}\b|\s*$|[\s,.)])")
_PHONE_JAPAN = re.compile(r"〒\s?\d{3}|(?<!\d)0\d{1,3}-\d{2,4}-\d{4}(?!\d)")


def zone_of(text: str) -> str:
    """The IANA zone of the places that an address or a place's name tells; empty: none, or two.

    Args:
        text: a place, an address, or both; folded.
    """
    zones = {zone for words, zone in _names() if _has(text.lower(), words)}
    zones |= {zone for state in _STATE.findall(text) if (zone := _states().get(state.lower()))}
    if _POSTCODE_UK.search(text):
        zones.add("Europe/London")
    if re.search(r"[ぁ-んァ-ヶ一-龠]", text) and (
        ADDRESS.search(text) or _PHONE_JAPAN.search(text)
    ):
        zones.add("Asia/Tokyo")
    return zones.pop() if len(zones) == 1 else ""


def known(zone: str) -> bool:
    """Whether the zone exists."""
    return zone in available_timezones()


def _has(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    return bool(re.search(rf"\b{re.escape(word)}\b", text))


@cache
def _names() -> tuple[tuple[str, str], ...]:
    names = [(word, "Asia/Tokyo") for word in _JAPAN]
    for zone, words in _ZONES.items():
        names += [
            (word.split(",")[0].replace("_", " "), zone)
            for word in words.split()
            if word.split(",")[0] and ",_" not in word
        ]
    return tuple(names)


@cache
def _states() -> dict[str, str]:
    """Zones by the letters of a state or province behind a comma."""
    return {
        state: zone
        for zone, words in _ZONES.items()
        for word in words.split()
        if "," in word
        for state in re.sub(r"^[^,]*", "", word).strip(",").split(",")
        if state and not state.startswith("_")
    }
