"""Spanish rules for hospitals, health centres and institutions."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_gazetteer import COUNTRY, PROVINCE
from fedaug.privacy.deid.rules.spanish_places import UNNAMED_STREET
from fedaug.privacy.deid.rules.spanish_words import CASED, PLACE_PARTICLE, STREET

_BUILDING = (
    r"(?:(?:Clínica[ ])?(?:Hospital(?:es)?|Hopital|hospital)|(?:Complejo|Complexo)(?=[ ](?:Hospitalari"
    r"|Asistencial|Universitari))|(?:Centenario|Consorcio)[ ]Hospital|Policlínic[oa]|Sanatorio"
    r"|Centro[ ]de[ ](?:Salud|Especialidades|Atención[ ]Primaria)|Consultorio|Ambulatorio|(?<!\p{Ll}[ ])Clínica"
    r"|(?<=(?:la|una)[ ])Clínica)"
)
_KIND = (
    r"(?:[yi][ ])?(?:Hospitalari[oa]|Asistencial|General|Universit[aà]ri[oa]?|universitario|Cl[ií]nico|Cl[ií]nic"
    r"|Central|Comarcal|Regional|Provincial|Militar|Civil"
    r"|Materno(?:[ -]Infantil)?|Infantil|Univ\.|Médico|Nacional|Quirúrgico|Insular|Psiquiátrico)"
)
#: Patrons of Spanish hospitals: where one of these ends, so does the hospital's name.
_PATRON = (
    r"(?:(?:la[ ]|La[ ])?(?:Paz|Fe|Princesa|Candelaria|Ribera|Plana|Moncloa|Zarzuela|Milagrosa|Mancha[ -]Centro)"
    r"|(?:1[0-9])[ ]de[ ][Oo]ctubre|Ram[oó]n[ ]y[ ]Cajal"
    r"|(?:General[ ])?Gregorio[ ]Marañón|Miguel[ ]Servet|Marqués[ ]de[ ]Valdecilla|Carlos[ ]Haya|Reina[ ]Sof[ií]a"
    r"|San[ ]Carlos|Vall[ ]d[ '’´][HE]?ebron"
    r"|Son[ ](?:Dureta|Espases|Llàtzer)|Príncipe[ ]de[ ]Asturias|Infanta[ ]\p{Lu}\p{L}+|Puerta[ ](?:de[ ]Hierro"
    r"|del[ ]Mar)|Juan[ ]Ram[oó]n[ ]Jiménez"
    r"|Arnau[ ]de[ ]Vilanova|(?:Doctor|Dr\.)[ ](?:Josep[ ]Trueta|Peset|Negrín)|Josep[ ]Trueta|(?:Joan"
    r"|Juan)[ ]XXIII|(?:de[ ]la[ ])?Santa[ ]Creu[ ]i[ ](?:de[ ])?Sant[ ]Pau"
    r"|Germans[ ]Trias[ ]i[ ]Pujol|(?:de[ ])?(?:Bellvitge|Txagorritxu|Cruces|Basurto|Galdakao|Donostia|Navarra"
    r"|Jerez|Cabueñes|Poniente|Valme|Cantoblanco)"
    r"|(?:Central[ ])?(?:de[ ]la[ ])?Defensa[ ]?[\"'“]?G[oó]mez[ ]Ulla[\"'”]?|G[oó]mez[ ]Ulla|Rey[ ]Juan[ ]Carlos"
    r"|Severo[ ]Ochoa|Niño[ ]Jes[uú]s|Lozano[ ]Blesa|Royo[ ]Villanova"
    r"|Nuestra[ ]Señora[ ](?:de(?:l|[ ]la)?[ ])?\p{Lu}\p{L}+|Virgen[ ](?:de(?:l|[ ]las?|[ ]los)?[ ])?\p{Lu}\p{L}+"
    r"|Sant[ ]Joan[ ]de[ ]Déu|Lucus[ ]Augusti|Juan[ ]Canalejo"
    r"|San[ ]Juan[ ]de[ ](?:Dios|la[ ]Cruz|Alicante)|San(?:ta)?[ ](?:Agustín|Pedro|Jorge|Cecilio|Rafael|Jaime"
    r"|Lucía|Bárbara|Ana|Eulalia)|Santiago[ ]Apóstol"
    r"|García[ ]Orcoyen|Rafael[ ]Méndez|Morales[ ]Meseguer|Jiménez[ ]Díaz|Virxe[ ]da[ ]Xunqueira|Xeral(?:-Cíes)?"
    r"|Meixoeiro|POVISA|Torrec[aá]rdenas)"
)
#: Words that end a facility's name though they have a capital.
_NO_MORE = (
    r"(?!(?:Servi|Unidad|Secci|Depart|Dpto|Cirug|Medicina|Tel|Tfno|Tlf|Fax|E-?mail|Email|Correo|España|Spain"
    r"|Hospital[ ]de[ ]Día|Día\b|Heridas|C\.P|CP\b)"
    rf"|{STREET}|{PROVINCE}(?!\p{{L}})|{COUNTRY}(?!\p{{L}}))"
)
_QUOTED = r"[\"'“‘][^\"'”’\n]{3,40}[\"'”’]"
_WORD = (
    r"(?:Dra?\.|Ntra\.|Sra\.|Sta\.|Mª|C\.H\.|\p{Lu}[\p{L}'’´-]{1,24}(?<!-)(?!\p{L})"
    rf"|{_QUOTED}|\d{{1,2}}[ ]de[ ]\p{{L}}{{4,10}})"
)
_JOIN = rf"(?:[ ]|[ ]-[ ]|-)(?:{PLACE_PARTICLE}[ ]){{0,2}}"
#: Not in the middle of the street that follows: ``Hospital Son Dureta Andrea Doria, 55``.
_NO_STREET = r"(?!(?:[ ](?:de[ ])?\p{Lu}[\p{L}'’-]{1,24})?,?[ ](?:\d{1,4}(?!\d)|s/n))"
_PROPER = rf"(?:[ ]de[l]?[ ](?:{PROVINCE}|{COUNTRY})(?!\p{{L}})|(?:{_JOIN}{_NO_MORE}{_WORD}){{1,6}}{_NO_STREET})"
#: A building with a patron, of a place, with a name of its own, or only of a kind: ``Hospital General``.
_FACILITY = (
    rf"{_BUILDING}(?:[ ]{_KIND}(?!\p{{L}})){{0,4}}"
    rf"(?:(?:[ ]de[ ]{PROVINCE})?[ ](?:de[ ]|del[ ])?[\"'“]?{_PATRON}(?!\p{{L}})[\"'”]?"
    rf"|(?<=Hospital)[ ]{PROVINCE}(?!\p{{L}})|{_PROPER}|(?<=[ ](?:General|Clínico|Civil|Infantil|Universitari[oa])))"
)
_INSTITUTION = (
    r"(?:Universidad|Universitat|Facultad[ ]de|Instituto[ ](?:de|Nacional|Vasco|Anatómico)|Institut|Fundaci[oó]n?"
    r"|Centro[ ](?:Penitenciario|Nacional|Médico|de[ ]Transfusi[oó]n|de[ ]Rehabilitación|Andaluz)"
    r"|Residencia(?:[ ]de[ ]ancianos)?|Colegio[ ](?:de|Oficial)|Laboratorios?|Asociación|Agencia|Consejería"
    r"|Juzgados?|Palacio[ ]de|Sociedad|Mutua)"
)

FACILITIES: Final = (
    Rule(
        "es-hospital",
        "FACILITY",
        rf"(?<![\p{{L}}-]){_FACILITY}",
        0.85,
        needed=r"hosp|hopit|compl|centenario|policl|sanator|centro|consult|ambulat|cl[ií]nica",
        flags=CASED,
    ),
    Rule(
        "es-street-after-hospital",
        "ADDRESS",
        rf"(?<![\p{{L}}-]){_FACILITY}\.?[ ](?P<value>{UNNAMED_STREET})",
        0.8,
        needed=r"(?:hosp|compl|cl[ií]nica).{0,90}\d{5}",
        flags=CASED,
    ),
    Rule(
        "es-manufacturer",
        "ORGANIZATION",
        # "(Travatan®, Alcon, Fort Worth)": who made a drug or a device stands behind its mark.
        rf"®[,;]?[ ](?P<value>(?!{PROVINCE}|{COUNTRY})\p{{Lu}}[\p{{L}}&.-]{{1,24}}(?:[ ]"
        rf"(?:&[ ])?\p{{Lu}}[\p{{L}}.-]{{1,24}}){{0,3}})(?=[,);])",
        0.6,
        needed="®",
        flags=CASED,
    ),
    Rule(
        "es-institution",
        "ORGANIZATION",
        rf"(?<![\p{{L}}-]){_INSTITUTION}(?:[ ]{_KIND}(?!\p{{L}})){{0,2}}{_PROPER}(?:[ ]de[ ]{PROVINCE}(?!\p{{L}}))?",
        0.7,
        needed=(
            r"universi|facultad|institut|fundaci|centro|residencia|colegio|laborator|asociaci|agencia|conseje"
            r"|juzgado|palacio|sociedad|mutua"
        ),
        flags=CASED,
    ),
)
