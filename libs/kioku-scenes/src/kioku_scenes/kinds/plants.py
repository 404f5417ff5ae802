"""Trees, flowers and other growing things."""

from kioku_scenes.kinds.kind import Kind, kind

PLANTS: tuple[Kind, ...] = (
    kind("tree/trees/木", "本",
         "b n 42 56 58 98; o m 6 24 56 68; o m 44 24 94 68; o m 22 2 78 50"),
    kind("pine tree/pine trees/松", "本",
         "b n 42 80 58 100; p m 50 44 92 84 8 84; p m 50 22 84 60 16 60; p m 50 0 74 34 26 34"),
    kind("palm tree/palm trees/やしの木", "本",
         "p n 44 98 48 36 56 36 58 98; p m 52 36 4 34 16 20; p m 52 36 96 34 84 20;"
         "p m 52 36 22 4 40 2; p m 52 36 80 4 62 2; p m 52 36 12 60 22 62; p m 52 36 90 60 80 62"),
    kind("flower/flowers/花", "本",
         "l g 5 50 50 50 98; p g 50 84 76 64 70 86; o m 36 2 64 34; o m 14 18 44 48; o m 56 18 86 48;"
         "o m 22 38 50 68; o m 50 38 78 68; o y 38 26 62 50"),
    kind("tulip/tulips/チューリップ", "本",
         "l g 6 50 50 50 98; p g 50 96 18 50 40 76; p g 50 96 82 50 60 76;"
         "p m 26 8 38 22 50 4 62 22 74 8 72 46 58 56 42 56 28 46"),
    kind("cactus/cacti/サボテン", "本",
         "l m 12 18 40 18 60 50 60; l m 12 82 28 82 50 50 50; b m 36 6 64 86; o m 36 0 64 22;"
         "p n 28 84 72 84 66 100 34 100; l d 2 46 16 46 80; l d 2 54 16 54 80"),
    kind("mushroom/mushrooms/きのこ", "本",
         "p w 38 50 62 50 68 96 32 96; p m 4 56 12 28 34 10 66 10 88 28 96 56; o w 24 26 38 40;"
         "o w 60 22 76 38; o w 44 40 54 50"),
    kind("leaf/leaves/葉", "枚",
         "p m 4 96 6 52 34 16 94 4 84 62 50 92; l d 4 4 96 74 24; l d 3 34 66 36 36; l d 3 34 66 66 66"),
    kind("sunflower/sunflowers/ひまわり", "本",
         "l g 6 50 60 50 100; p m 50 0 60 16 78 8 78 26 94 34 84 46 92 62 74 64 68 80 50 70 32 80"
         " 26 64 8 62 16 46 6 34 22 26 22 8 40 16; o n 30 22 70 62"),
    kind("clover/clovers/クローバー", "本",
         "l g 5 50 52 58 100; o m 10 8 50 48; o m 50 8 90 48; o m 10 46 50 86; o m 50 46 90 86"),
)
