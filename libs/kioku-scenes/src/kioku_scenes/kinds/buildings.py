"""Buildings and other built things."""

from kioku_scenes.kinds.kind import Kind, kind

BUILDINGS: tuple[Kind, ...] = (
    kind("house/houses/家", "軒",
         "b d 68 10 80 34; b m 16 44 84 96; p n 6 48 50 8 94 48; b n 42 66 58 96; b c 22 54 36 68;"
         "b c 64 54 78 68"),
    kind("tower/towers/塔", "本",
         "b m 36 24 64 98; p d 28 26 50 0 72 26; b c 45 34 55 46; b c 45 56 55 68; b n 43 82 57 98"),
    kind("castle/castles/城", "軒",
         "b m 22 46 78 96; b m 6 26 30 96; b m 70 26 94 96; b m 6 16 13 28; b m 23 16 30 28;"
         "b m 70 16 77 28; b m 87 16 94 28; b m 36 36 46 48; b m 54 36 64 48; o n 38 60 62 96;"
         "b n 38 78 62 96; b k 14 42 22 56; b k 78 42 86 56"),
    kind("church/churches/教会", "軒",
         "l k 4 28 0 28 24; l k 4 20 9 36 9; p d 10 44 28 18 46 44; b m 14 42 42 98; b m 42 58 94 98;"
         "p d 40 60 56 38 86 38 98 60; b n 22 74 34 98; o c 22 50 34 62; b c 56 70 66 84; b c 74 70 84 84"),
    kind("tent/tents/テント", "張",
         "p m 50 10 98 92 2 92; p k 50 42 66 92 34 92; l n 3 50 10 50 2"),
    kind("bridge/bridges/橋", "本",
         "b m 0 44 100 58; b m 16 16 26 90; b m 74 16 84 90; l d 3 0 44 20 18 50 42 80 18 100 44"),
    kind("windmill/windmills/風車", "基",
         "p m 34 98 40 34 60 34 66 98; p w 50 38 12 20 20 8; p w 50 38 68 0 80 8; p w 50 38 88 56 80 68;"
         "p w 50 38 32 76 20 68; o k 44 32 56 44; b n 44 82 56 98"),
    kind("lighthouse/lighthouses/灯台", "基",
         "p m 34 98 40 28 60 28 66 98; b w 37 48 62 60; b w 35 74 64 86; b y 41 14 59 28; p d 38 14 50 0"
         " 62 14; p y 60 16 98 8 98 32 60 26; b k 36 26 64 30"),
    kind("fountain/fountains/噴水", "基",
         "l c 4 50 50 44 20 26 16 18 40; l c 4 50 50 56 20 74 16 82 40; l c 4 50 50 50 8; b m 44 46 56 84;"
         "p m 4 62 96 62 84 92 16 92; b l 4 58 96 66"),
    kind("gate/gates/鳥居", "基",
         "b m 0 10 100 24; b m 12 38 88 46; b m 20 20 32 98; b m 68 20 80 98; b k 0 6 100 11"),
    kind("fence/fences/柵", "枚",
         "b m 0 40 100 50; b m 0 68 100 78; p m 6 94 6 30 14 18 22 30 22 94; p m 42 94 42 30 50 18 58 30"
         " 58 94; p m 78 94 78 30 86 18 94 30 94 94"),
)
