"""Ways in which an evaluation item gets into a pool without being repeated word for word; by seeded, public rules."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.operators.word_swap import WordSwap

#: Openings and phrases, then words, that say the same; the first that fits is used, from left to right.
PHRASES = {
    r"\bhow (?:do|can|would|should) i\b": ("what is the way to", "what steps do i take to", "please explain how to"),
    r"\bcan i\b|\bcould i\b|\bmay i\b": ("is it possible to", "am i able to", "would it be allowed to"),
    r"\bcan you\b|\bcould you\b": ("please", "would you be able to", "are you able to"),
    r"\bwhat (?:do|should|can) i do\b": ("which steps should be taken", "what would you suggest"),
    r"\bwhy (?:is|was|has|did|does|do)\b": ("what is the reason that", "for what reason"),
    r"\bi (?:want|would like|need|wish) to\b|\bi'd like to\b": ("i am hoping to", "my aim is to", "i intend to"),
    r"\bi (?:don't|do not|can't|cannot) \b": ("i am unable to ", "there is no way for me to "),
    r"\bis there\b|\bare there\b": ("do you have", "does there exist"),
    r"\bplease\b": ("kindly",),
    r"\bi think\b|\bi believe\b": ("it seems to me",),
}
WORDS = {
    "account": ("profile", "balance sheet"),
    "money": ("cash", "funds"),
    "card": ("plastic", "bank card"),
    "payment": ("transaction", "purchase"),
    "transfer": ("remittance", "bank transfer"),
    "charged": ("billed", "debited"),
    "charge": ("fee", "cost"),
    "fee": ("charge", "cost"),
    "get": ("obtain", "receive"),
    "got": ("received", "obtained"),
    "help": ("assistance", "support"),
    "need": ("require",),
    "want": ("wish",),
    "use": ("utilise", "employ"),
    "change": ("alter", "modify"),
    "check": ("verify", "look up"),
    "long": ("much time",),
    "take": ("last", "require"),
    "work": ("function", "operate"),
    "working": ("functioning", "operating"),
    "wrong": ("incorrect", "mistaken"),
    "lost": ("misplaced", "mislaid"),
    "stolen": ("taken", "nicked"),
    "find": ("locate",),
    "tell": ("inform", "let me know"),
    "show": ("display",),
    "showing": ("visible", "displayed"),
    "pending": ("outstanding", "not yet settled"),
    "declined": ("rejected", "refused"),
    "cancel": ("call off", "revoke"),
    "order": ("request",),
    "ordered": ("requested",),
    "arrive": ("come", "turn up"),
    "arrived": ("come", "turned up"),
    "still": ("even now",),
    "new": ("fresh", "replacement"),
    "buy": ("purchase",),
    "app": ("application",),
    "phone": ("mobile", "handset"),
    "country": ("nation", "state"),
    "people": ("persons", "others"),
    "today": ("this day",),
    "happened": ("occurred",),
    "problem": ("issue", "trouble"),
    "fast": ("quickly",),
    "why": ("for what reason",),
    "big": ("large",),
    "start": ("begin",),
    "end": ("finish",),
    "make": ("carry out",),
    "made": ("carried out",),
    "go": ("head",),
    "give": ("provide",),
    "send": ("dispatch", "forward"),
    "sent": ("dispatched", "forwarded"),
}
_WORD = re.compile(r"[\w']+")
Reword = Callable[[str, str, random.Random], str]


def recased(item: str, innocent: str, draw: random.Random) -> str:
    """All capitals, none, some at random, or one at each word."""
    some = "".join(draw.choice((letter.upper(), letter.lower())) for letter in item)
    return draw.choice((item.upper(), item.lower(), item.title(), some))


def repunctuated(item: str, innocent: str, draw: random.Random) -> str:
    """Without punctuation, with much of it, or with other signs between the words."""
    bare = re.sub(r"[^\w\s]", "", item)
    joined = draw.choice((" - ", ", ", "\n", " / ", "... "))
    return draw.choice((bare, joined.join(item.split()), f"«{bare}»!!", re.sub(r"\s+", "  ", item) + " ?!"))


def half_copied(item: str, innocent: str, draw: random.Random) -> str:
    """Half of the item's words in a row, with half of an innocent text before or after."""
    words, others = item.split(), innocent.split()
    half, rest = -(-len(words) // 2), others[: max(1, len(others) // 2)]
    return " ".join(draw.choice(([*words[:half], *rest], [*rest, *words[-half:]])))


def wrapped(item: str, innocent: str, draw: random.Random) -> str:
    """The whole item inside an innocent text."""
    words = innocent.split()
    return " ".join([*words[: len(words) // 2], item, *words[len(words) // 2 :]])


def reordered(item: str, innocent: str, draw: random.Random) -> str:
    """The end of the item before its beginning."""
    words = item.split()
    cut = draw.randint(1, max(1, len(words) - 1))
    return " ".join([*words[cut:], *words[:cut]])


def synonyms(item: str, innocent: str, draw: random.Random) -> str:
    """Every phrase and word that has another way to be said, said that way."""
    text = item.casefold()
    for pattern, ways in PHRASES.items():
        text = re.sub(pattern, draw.choice(ways), text)
    return _WORD.sub(lambda match: draw.choice(WORDS.get(match[0], (match[0],))), text)


def word_swapper() -> Reword:
    """The operator that campaigns use: some words give way to ones that public text has between the same neighbours."""
    operator = WordSwap()

    def swapped(item: str, innocent: str, draw: random.Random) -> str:
        children = operator.apply([Candidate(item, None, "evaluation")], 1, draw.randrange(10**9))
        return children[0].text if children else item

    return swapped


def rewordings() -> dict[str, Reword]:
    """All of them by name."""
    plain = (recased, repunctuated, wrapped, half_copied, reordered, synonyms)
    return {function.__name__.replace("_", "-"): function for function in plain} | {"word-swap": word_swapper()}
