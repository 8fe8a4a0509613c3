"""Which languages pass, and which texts say too little to tell."""

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch
from fedaug.privacy.vetting.language import LanguageGate

ENGLISH = (
    "where is my card and why has it not come",
    "The patient was seen on Monday and sent home with tablets.",
    "I can't remember the code that you sent me, could you send it again please?",
)
SPANISH = (
    "¿dónde está mi tarjeta y por qué no ha llegado?",
    "Paciente de 70 años que acude por dolor en el costado desde hace tres días.",
)
OTHERS = (
    "Wo ist meine Karte und warum ist sie noch nicht angekommen?",
    "Où est ma carte et pourquoi n'est-elle pas encore arrivée ?",
    "Dov'è la mia carta e perché non è ancora arrivata?",
    "Waar is mijn pas en waarom is hij nog niet aangekomen?",
    "Onde está o meu cartão e por que ainda não chegou?",
    "где моя карта и почему она не пришла",
    "我的卡在哪里",
    "dzisiaj pacjent zgłasza silny ból głowy oraz gorączkę trwającą kilka dni bez poprawy stanu ogólnego",
)
SHORT = ("card declined", "HTA, DM2.", "219-09-9999", "", "🙂")


def passed(gate: LanguageGate, texts: tuple[str, ...]) -> list[bool]:
    return [verdict.passed for verdict in gate.judge(Batch(texts))]


def test_only_the_languages_of_the_campaign_pass() -> None:
    english, spanish = LanguageGate(), LanguageGate(languages=["es"])
    assert all(passed(english, ENGLISH))
    assert not any(passed(english, SPANISH + OTHERS))
    assert all(passed(spanish, SPANISH))
    assert not any(passed(spanish, ENGLISH + OTHERS))
    assert all(passed(LanguageGate(languages=["en", "es"]), ENGLISH + SPANISH))


def test_what_is_too_short_to_tell_passes() -> None:
    assert all(passed(LanguageGate(), SHORT))


def test_a_long_text_must_show_its_language() -> None:
    words = "zorb blick frell quix tarn vool prask snid glor mipt drast keff"
    assert passed(LanguageGate(undecided_words=12), (words, words.rsplit(" ", 1)[0])) == [False, True]


@pytest.mark.parametrize("languages", [[], ["xx"], "en", ["en", "ru"]])
def test_languages_that_are_not_weighed_are_refused(languages: list[str]) -> None:
    with pytest.raises(ConfigError, match="FA101: the language gate was given a language that it does not know"):
        LanguageGate(languages=languages)


@pytest.mark.parametrize("setting", [{"undecided_words": 0}, {"least_share": float("nan")}, {"least_share": 1.1}])
def test_a_setting_out_of_range_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101: a setting of the language gate is out of range"):
        LanguageGate(**setting)  # type: ignore[arg-type]  # wrong on purpose
