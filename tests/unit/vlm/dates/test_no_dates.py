"""Numbers that are no dates."""

from datetime import date

import pytest
from kioku_vlm.dates import Anchor, find_moments

_NONE = """\
TEL 03-1234-5678
0120-12-3456
電話番号 045-123-4567
(555) 012-3456
+81 3-1234-5678
555-123-4567
〒104-0061 銀座5-6-1
中央町2-3-4
さくら市中央5丁目6番1号
入場料 1,200円
$20 / $15 students
¥3,500
version 3.10.2
v5.30
Python 3.11
バージョン 5.30 に更新
3-2で勝利
スコア 3-2
won 4-1
1/2 cup sugar
3/4
1 1/2 miles
1/2 price
1/2サイズ
305号室
Room 5-30
3-2教室
https://example.com/2026/05/30/event
www.example.jp/5/30
mail a.b-5@example.org
アスペクト比 4:3
比率 1:25000
6年1組
5年生
第32回
3日間
1日3回
2時間
10人
ISBN 978-4-12-345678-9
No. 5/30
192.168.10.30
24/7 support
Grade 5
四日市市
5〜6人
Ages 5-12
対象 3歳〜5歳
80101911/26.06.2025
ページ 3/4
13/32
99/99/9999
2026年13月45日
2月30日
一日一善
千日前
"""


@pytest.mark.parametrize("text", _NONE.splitlines())
def test_nothing_is_found(text):
    """No day, no recurrence and no time of day."""
    assert find_moments(text, Anchor(date(2026, 5, 8))) == ()


def test_all_of_them_together_are_nothing():
    """Nor do they become dates beside each other."""
    assert find_moments(_NONE, Anchor(date(2026, 5, 8))) == ()


def test_a_day_among_them_is_found():
    """What surrounds a day does not hide it."""
    text = "TEL 03-1234-5678 5/30(土) 銀座5-6-1 1,200円"

    (found,) = find_moments(text, Anchor(date(2026, 5, 8)))

    assert found.raw == "5/30(土)"
