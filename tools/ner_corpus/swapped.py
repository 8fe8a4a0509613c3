"""Other people, places and numbers in a Spanish report, each in the form that stood there."""

from __future__ import annotations

import re
from random import Random

from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.example import Piece
from tools.ner_corpus.people import made_up
from tools.ner_corpus.pools import pool

_PROVINCES = "A Coruña,Álava,Albacete,Alicante,Almería,Asturias,Ávila,Badajoz,Barcelona,Burgos,Cáceres,Cádiz,Cantabria,Castellón,Ciudad Real,Córdoba,Cuenca,Girona,Granada,Guadalajara,Guipúzcoa,Huelva,Huesca,Jaén,León,Lleida,Logroño,Lugo,Madrid,Málaga,Murcia,Navarra,Ourense,Palencia,Pontevedra,Salamanca,Segovia,Sevilla,Soria,Tarragona,Teruel,Toledo,Valencia,Valladolid,Vizcaya,Zamora,Zaragoza,Las Palmas de Gran Canaria,Santa Cruz de Tenerife,Palma de Mallorca,San Sebastián,Bilbao,Vitoria,Santander,Oviedo,Gijón,Vigo,Santiago de Compostela,Elche,Cartagena,Jerez de la Frontera,Algeciras,Marbella,Mérida,Talavera de la Reina,Alcalá de Henares,Getafe,Móstoles,Alcorcón,Leganés,Fuenlabrada,Majadahonda,Pozuelo de Alarcón,Sabadell,Terrassa,Badalona,Reus,Manresa,Gandía,Torrevieja,Lorca,Ponferrada,Ferrol,Avilés,Barakaldo,Getxo,Tudela,Calatayud,Linares,Úbeda,Motril,Ronda,Melilla,Ceuta,Madrid,Barcelona,Valencia,Sevilla,Buenos Aires,Córdoba,Rosario,Santiago,Concepción,Valparaíso,Lima,Bogotá,Medellín,Cali,Caracas,La Habana,México D.F.,Guadalajara,Monterrey,Puebla,Quito,Montevideo,Lisboa,Oporto,París".split(
    ","
)
_COUNTRIES = "España,España,España,Argentina,Chile,México,Colombia,Perú,Ecuador,Venezuela,Bolivia,Paraguay,Uruguay,Cuba,República Dominicana,Honduras,Nicaragua,Guatemala,El Salvador,Costa Rica,Panamá,Brasil,Portugal,Francia,Italia,Alemania,Rumanía,Bulgaria,Polonia,Ucrania,Rusia,Marruecos,Argelia,Senegal,Nigeria,Camerún,Guinea Ecuatorial,Malí,Pakistán,India,China,Filipinas,Reino Unido,Irlanda,Bélgica,Suiza,Estados Unidos,Siria,Angola,Gambia".split(
    ","
)
_KINDS = "Calle,Calle,Calle,C/,C/,c/,Avda.,Avda,Avenida,Av.,Plaza,Pza.,Paseo,Paseo de la,Ronda,Travesía,Camino,Carretera de,Urbanización,Pasaje,Glorieta,Rambla,Calle de la,Calle del,".split(
    ","
)
_STREETS = "Mayor,Real,San Juan,Santa Ana,Constitución,Libertad,Goya,Velázquez,Cervantes,Colón,Cid,Reyes Católicos,Alfonso X,Miguel Hernández,Antonio Machado,Federico García Lorca,Doctor Fleming,Ramón y Cajal,Gran Vía,Alcalá,Serrano,Príncipe de Vergara,Bravo Murillo,Arturo Soria,la Estación,las Flores,los Olivos,el Pilar,Nueva,Ancha,Molino,Fuente,Iglesia,Castillo,Puerta del Sol,Virgen del Carmen,San Fernando,2 de Mayo,Islas Canarias,Europa,América,Portugal,Toledo,Aragón,Cataluña,Andalucía,Sagasta,Larios,Primo de Rivera,Pintor Sorolla".split(
    ","
)
_HOSPITALS = (
    "Hospital Universitario {}",
    "Hospital General {}",
    "Hospital Clínico de {}",
    "Hospital {}",
    "Complejo Hospitalario {}",
    "Clínica {}",
    "Hospital Comarcal de {}",
    "Hospital Universitario de {}",
    "Fundación {}",
    "Hospital San {}",
    "Hospital General Universitario de {}",
    "Hospital Virgen de {}",
)
_INSTITUTIONS = (
    "Universidad de {}",
    "Facultad de Medicina, Universidad de {}",
    "Instituto {}",
    "Facultad de Odontología. Universidad de {}",
    "Centro Médico {}",
    "Instituto Nacional de {}",
    "Laboratorios {}",
    "{} S.A.",
    "{}",
)
_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
_MONTH = re.compile("|".join(_MONTHS), re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_WORD_NUMBERS = "uno dos tres cuatro cinco seis siete ocho nueve diez once doce".split()
_KEPT = frozenset({"SEXO_SUJETO_ASISTENCIA", "FAMILIARES_SUJETO_ASISTENCIA", "PROFESION", "OTROS_SUJETO_ASISTENCIA"})
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "i"})


class Swap:
    """The replacements of one report: a value that occurs twice gets the same one both times."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._seen: dict[str, str] = {}
        self._people = (
            pool("es_ES") if chance(rng, 0.85) else pool(pick(rng, ("es_MX", "es_AR", "es_CO", "pt_PT", "ro_RO")))
        )

    def swapped(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces with other values; labels and what stands around them are unchanged."""
        out: list[Piece] = []
        before = ""
        for text, label in pieces:
            if label is None or label in _KEPT:
                out.append((text, label))
            else:
                key = f"{label}:{text}"
                if key not in self._seen:
                    self._seen[key] = self._value(text, label, before[-25:]) or text
                out.append((self._seen[key], label))
            before = text
        return out

    def _value(self, text: str, label: str, before: str) -> str:
        rng = self._rng
        if label.startswith("NOMBRE"):
            return self._name(text, before)
        if label == "FECHAS":
            return self._date(text)
        if label == "EDAD_SUJETO_ASISTENCIA":
            return self._age(text)
        if label == "CORREO_ELECTRONICO":
            return self._mail()
        if label == "PAIS":
            return pick(rng, _COUNTRIES)
        if label == "TERRITORIO":
            return self._digits(text) if any(sign.isdigit() for sign in text) else self._town()
        if label == "CALLE":
            return self._street() if chance(rng, 0.7) else text
        if label in {"HOSPITAL", "CENTRO_SALUD"}:
            return self._organisation(_HOSPITALS) if chance(rng, 0.5) else text
        if label == "INSTITUCION":
            return self._organisation(_INSTITUTIONS) if chance(rng, 0.4) else text
        return self._digits(text)

    def _first(self) -> str:
        return pick(self._rng, self._people.male if chance(self._rng, 0.5) else self._people.female)

    def _surname(self) -> str:
        last = made_up(self._rng, 2) if chance(self._rng, 0.04) else pick(self._rng, self._people.last)
        return f"{pick(self._rng, ('de', 'de la', 'del', 'de los'))} {last}" if chance(self._rng, 0.03) else last

    def _name(self, text: str, before: str) -> str:
        """As many words as stood there: a given name after "Nombre", surnames after "Apellidos", else both."""
        words = [word for word in text.split() if word.lower() not in _PARTICLES]
        if re.search(r"nombre\W*$", before, re.IGNORECASE):
            parts = [self._first() for _ in words[:2]]
        elif re.search(r"apellidos?\W*$", before, re.IGNORECASE):
            parts = [self._surname() for _ in words[:2]]
        elif len(words) == 1:
            parts = [self._first() if chance(self._rng, 0.5) else self._surname()]
        else:
            given = 1 if len(words) < 4 else 2
            parts = [self._first() for _ in range(given)] + [self._surname() for _ in words[given : given + 2]]
        if "-" in text and len(parts) > 1 and chance(self._rng, 0.7):
            parts[-2:] = [f"{parts[-2]}-{parts[-1]}"]
        if re.match(r"\w\. ?\w", text) or chance(self._rng, 0.02):
            parts[0] = f"{parts[0][0]}."
        name = " ".join(parts)
        return name.upper() if text.isupper() and len(text) > 3 else name

    def _date(self, text: str) -> str:
        rng = self._rng
        shape = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})([/.-])(\d{2,4})", text)
        if shape:
            year = str(between(rng, 1925, 2019))
            wide = len(shape[1]) == 2
            day, month = between(rng, 1, 28), between(rng, 1, 12)
            figures = f"{day:02}{shape[2]}{month:02}" if wide else f"{day}{shape[2]}{month}"
            return f"{figures}{shape[4]}{year[-len(shape[5]) :]}"
        changed = _MONTH.sub(lambda found: _cased(pick(rng, _MONTHS), found[0]), text)
        return _NUMBER.sub(
            lambda found: str(between(rng, 1970, 2018)) if len(found[0]) == 4 else str(between(rng, 1, 28)), changed
        )

    def _age(self, text: str) -> str:
        rng = self._rng

        def other(found: re.Match[str]) -> str:
            number = int(found[0])
            return str(between(rng, 2, 11) if number < 12 else between(rng, 12, 94) if number < 100 else number)

        for word in _WORD_NUMBERS:
            if re.search(rf"\b{word}\b", text) and chance(rng, 0.6):
                return re.sub(rf"\b{word}\b", pick(rng, _WORD_NUMBERS[1:]), text, count=1)
        return _NUMBER.sub(other, text)

    def _digits(self, text: str) -> str:
        return "".join(
            pick(self._rng, "0123456789") if sign.isdigit() and chance(self._rng, 0.85) else sign for sign in text
        )

    def _town(self) -> str:
        rng = self._rng
        if chance(rng, 0.7):
            return pick(rng, _PROVINCES)
        return (
            pick(rng, pool("es_ES").cities)
            if chance(rng, 0.6)
            else f"{pick(rng, ('Villa', 'San ', 'Torre', 'Puebla de ', 'Valde', ''))}{made_up(rng, 2)}"
        )

    def _street(self) -> str:
        rng = self._rng
        name = pick(rng, _STREETS) if chance(rng, 0.5) else f"{self._first()} {self._surname()}"
        kind = pick(rng, _KINDS)
        number = pick(
            rng,
            (
                f"{between(rng, 1, 200)}",
                f"{between(rng, 1, 200)}",
                "s/n",
                f"nº {between(rng, 1, 99)}",
                f"{between(rng, 1, 40)}-{between(rng, 41, 60)}",
            ),
        )
        flat = pick(
            rng,
            (
                "",
                "",
                "",
                f", {between(rng, 1, 9)}{pick(rng, 'ABCD')}",
                f", {between(rng, 1, 9)}º {pick(rng, ('dcha', 'izq', 'A', 'B', 'C'))}",
                f" {between(rng, 1, 9)} {pick(rng, 'ABC')}",
                f", portal {between(rng, 1, 9)}",
            ),
        )
        return f"{kind} {name}{pick(rng, (', ', ' ', ', '))}{number}{flat}".strip()

    def _mail(self) -> str:
        rng = self._rng
        plain = re.sub(r"[^a-z]", "", f"{self._first()}{pick(rng, self._people.last)}".lower()) or "correo"
        local = pick(
            rng,
            (
                plain,
                plain[:6],
                f"{plain[0]}{plain[4:]}",
                f"{plain[:5]}{between(rng, 1, 99)}",
                f"{plain[:4]}.{plain[4:]}",
                f"{plain[:5]}_{plain[5:]}",
            ),
        )
        host = pick(
            rng,
            (
                "hotmail.com",
                "gmail.com",
                "yahoo.es",
                "telefonica.net",
                "terra.es",
                "salud.madrid.org",
                "ono.com",
                "hotmail.es",
                "aeu.es",
                "gva.es",
                "sescam.org",
                "icloud.com",
                f"{made_up(rng, 2).lower()}.{pick(rng, ('es', 'org', 'com', 'net', 'cl', 'ar'))}",
            ),
        )
        return f"{local.strip('._')}@{host}"

    def _organisation(self, patterns: tuple[str, ...]) -> str:
        return pick(self._rng, patterns).format(
            self._town() if chance(self._rng, 0.6) else f"{self._first()} {self._surname()}"
        )


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word
