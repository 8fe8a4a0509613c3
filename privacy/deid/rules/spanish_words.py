"""Pieces of the Spanish rules' patterns: months, numbers, titles, what a name looks like, what ends one."""

from __future__ import annotations

from typing import Final

#: Rules that tell names from words by their capitals; labels within them ignore case by ``(?i:...)``.
CASED: Final = 0

MONTH: Final = r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre)"
NUMBER_WORD: Final = (
    r"(?:un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci\p{L}{3,6}"
    r"|veinte|veinti\p{L}{2,6}|(?:treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa)(?:[ ]y[ ]\p{L}{2,6})?)"
)

#: Words that stand before the name of a person.
TITLE: Final = r"(?:(?:Dra?|DRA?|Prof|Sra?|Srta|Lic|Fdo)(?:\.ª|\.|:|ª|\b)|D\.ª?|Dña\.?|Don\b|Doña\b|dra?\.)"

#: What may not be part of a name though it has a capital: departments, contact labels, streets, buildings.
_UNITS = (
    r"Servicio|Servei|Unidad|Secci[oó]n|Departamento?|Dpto|Área|Grupo|Cátedra|Facultad|Jefe|Jefatura"
    r"|Secretar[ií]a|Planta"
    r"|Hospital|Hopital|Cl[ií]nica|Complejo|Complexo|Centro|Centre|Consorci|Fundaci[oó]n?|Asociaci[oó]n|Instituto"
    r"|Institut"
    r"|Universi(?:dad|tat|tario|taria)|Residencia|Edificio|Laboratorios?|Colegio|Palacio|Xarxa|IML"
)
_FIELDS = (
    r"NHC|NASS|CIPA?|CP|DNI|NIF|NIE|Correos?|E-?[Mm]ail|Tel[eé]f\p{L}*|Tels?|Tfno|Tlfn?o?|Fax|FAX|M[oó]vil"
    r"|Domicilio|Apellidos?"
    r"|Nombre|Fecha|Edad|Sexo|M[eé]dico|Episodio|Especialidad|Motivo|Antecedentes|Historia|Informe|Localidad"
    r"|Direcci[oó]n|Remitido|Responsable|Paciente|Diagn[oó]stico|Tratamiento|Exploraci[oó]n|Evoluci[oó]n|España"
    r"|Spain|DRA?|Dra?|Prof|Sra?"
)
_STREETS = (
    r"Calle|Avda|Avenida|Av|Avinguda|Paseo|Passeig|Pso|Plaza|Pza|Plz|Ctra|Carretera|Camino|Carrer|Ronda|Traves[ií]a"
    r"|Urbanizaci[oó]n|Urb|Rambla|Glorieta|Callej[oó]n|Pasaje|Pol[ií]gono|R[uú]a|Costanilla|Cuesta|Bulevar|Paraje"
    r"|Apartado"
)
#: Medical specialities, whose names follow that of the doctor: ``Urología``, ``Medicina Interna``.
_SPECIALITIES = (
    r"\p{Lu}\p{L}{2,20}(?:log[ií]a|iatr[ií]a|metr[ií]a|grafía|scopia)|\p{L}*[Cc]irug[ií]a|Medicina|Oncolog\p{L}*"
    r"|Endocrin\p{L}*|Aparato|Anatom[ií]a"
    r"|Radiodiagn[oó]stico|Reanimaci[oó]n|Anestesia|Enfermer[ií]a|Nutrici[oó]n|Farmacia|Urgencias|Obstetricia"
    r"|Psic\p{L}*"
)
STREET: Final = rf"(?:(?:(?i:c)/\.?|P\.?º|P[ºo]\b)|(?:{_STREETS}|calle|avenida|paseo|plaza|carretera)\b\.?)"
NO_NAME: Final = rf"(?!(?:{_UNITS}|{_FIELDS}|{_STREETS}|{_SPECIALITIES})\b|[Cc]/|N[º°]|No\b|N[ºo°]Col|Pa[ií]s:)"

#: ``García``, ``GARCÍA``, ``O'Neill``, ``McLean``; a second capital is where two words ran together.
_CAPITALISED = r"(?:(?:Mc|Mac|[OD]['’´])?\p{Lu}(?:[\p{Ll}'’´]{1,24}|\p{Lu}{1,24}(?!\p{Ll})))"
_WORD = rf"{_CAPITALISED}(?:-(?:{_CAPITALISED}|\p{{Ll}}{{2,24}}))?"
_INITIAL = r"(?:(?:M\.?ª|M\.a|\p{Lu}[a-z]?)\.?ª?)"
_PARTICLE = r"(?:de[ ]las?|de[ ]los|del|de|la|las|los|y|e|i|da|do|dos|van|von|der|di|San|Sta?\.)"
#: A word that can only follow others of a name: after ``de la``, after an initial.
_NEXT = rf"[ ]{{1,2}}(?:{_PARTICLE}[ ]){{0,2}}{NO_NAME}(?:{_INITIAL}[ ]?)?{NO_NAME}{_WORD}"
_FIRST = rf"{NO_NAME}(?:(?:M\.?ª|M\.a|\p{{Lu}}\.)[ ]?)?{NO_NAME}{_WORD}"

#: What joins the words of a place's name.
PLACE_PARTICLE: Final = r"(?:de[ ]la|de[ ]las|de[ ]los|del|de|la|las|los|el|en|y|i|da|do|as|d[’'´])"

#: ``Marina Povar Echeverría``, ``M.ª José de la Torre``, ``Eduardo``: one to seven words.
NAME: Final = rf"(?:{_FIRST}(?:{_NEXT}){{0,6}})"
#: What follows the first word of a name.
NAME_GOES_ON: Final = _NEXT
#: Two to seven words.
FULL_NAME: Final = rf"(?:{_FIRST}(?:{_NEXT}){{1,6}})"

#: What stands at the end of a field's value: a full stop or two, blanks, then the line's end.
FIELD_END: Final = r"(?=[ \t.,;]{0,12}(?:[\r\n]|\Z)|[ \t]{2,}\S|[ \t.,;]{1,4}[\p{L}.ºª]{2,20}(?:[ ]\p{L}{1,15})?:)"
