"""Ordinary words: what may be somebody's name, but is far more often a word, so that alone it proves nothing."""

from __future__ import annotations

from functools import cache
from typing import Final

#: Words that are names as well, words of notes, and months and weekdays; Faker's list has the commonest thousand.
_MORE: Final = """
    april august autumn bell berry best bill bishop black blue booth brown butler carter chance charity christian
    cook cooper cross curry dawn day dean december destiny dove drew eve faith february field fields fisher flint
    ford forest foster fox frank friday friend glass gold grace grant gray green grey guy hale hall hand hardy
    harmony hart heath hill holly hope house hunt hunter iris ivy january jean jewel jordan joy july june justice
    kay king knight lake lamb lane law lee lily long love major march mark marsh mason may mercy miles mill miller
    monday moon moore nail noble north november nurse ocean october olive page paige park parks parker parson
    patience pearl penny peace piper pope porter post potter price prince prudence rain randy ray reed rice rich
    river robin rock rose ruby rush sage sandy saturday senior september sharp shepherd short skinner small smart
    spring star stark steel stone storm strong summer sunday swift tab temple thursday true tuesday turner valley
    victor violet wade walker wall ward warren waters wednesday weeks west white wild will willow winter wise wolf
    wood woods worth young abdomen acute admission allergy anxiety arm back bilateral bladder blood bone brain
    breast cancer cardiac care centre center chest chief chronic clinic complaint county data denies department
    diagnosis discharge disease doctor emergency exam family female fever follow former general health heart
    history home hospital impression infection left male medical medicine name negative normal note nurse patient
    pain physician plan positive president pressure problem procedure record report right skin social state street
    surgery symptoms test the treatment unit university visit year alta baja caso clinica clinico con del doctor
    doctora edad enfermedad enfermera hospital informe izquierda medico mujer paciente para plaza por calle centro
    servicio general unidad varon
"""


@cache
def _words() -> frozenset[str]:
    # Imported here: Faker's package is slow to load, and a site's other commands do without.
    from faker.providers.lorem.en_US import Provider as English  # noqa: PLC0415
    from faker.providers.lorem.es_ES import Provider as Spanish  # noqa: PLC0415

    return frozenset(_MORE.split()) | {word.lower() for provider in (English, Spanish) for word in provider.word_list}


def is_ordinary(word: str) -> bool:
    """Whether a word, in lower case, is an ordinary word of the language."""
    return word in _words()
