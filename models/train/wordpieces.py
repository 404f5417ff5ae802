"""Trains the tokenizer: byte-level BPE on the captions' words, after NFKC and lower-casing."""

from collections.abc import Iterator

from kioku_scenes import draw_scene, seeds_of
from kioku_scenes.caption import japanese_words
from kioku_scenes.kinds import KINDS
from kioku_scenes.words import BACKDROPS, COLOURS, SIZES, TEXTURES
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

PAD, END = "<pad>", "</s>"
_SCENES = 2000


def train_tokenizer(vocabulary: int, length: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocabulary` entries that pads and cuts to `length` tokens.

    Every Unicode text has tokens, since all 256 bytes are in the vocabulary.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\s+"), "removed"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(_words(), _trainer(vocabulary))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        model_max_length=length,
        padding_side="right",
        model_input_names=["input_ids"],
    )


def _trainer(vocabulary: int) -> trainers.BpeTrainer:
    return trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )


def _words() -> Iterator[str]:
    """English captions whole, Japanese word by word, so that no piece spans two words."""
    for term in [*COLOURS.values(), *SIZES.values(), *TEXTURES.values(), *BACKDROPS.values()]:
        yield from [term.english, *term.japanese] * 4
    for kind in KINDS:
        yield from [kind.name, kind.plural, kind.japanese] * 4
    for seed in seeds_of("training", _SCENES):
        scene = draw_scene(seed, 16)
        yield scene.caption_en
        yield from japanese_words(scene.layout)
