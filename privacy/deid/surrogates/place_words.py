"""Words of addresses and of names of institutions that say what kind of thing it is; they stay.

Words by which one institution is told from another do not, however many are called so: of "Sacred Heart Hospital" or
"Mercy Medical Center" the first words would name it beside a town or a street.
"""

from __future__ import annotations

from typing import Final

_STREET: Final = (
    "street st str avenue ave av road rd boulevard blvd drive dr lane ln court ct place pl square sq terrace ter "
    "trail trl parkway pkwy highway hwy way circle cir loop alley crescent close row route rte freeway turnpike "
    "expressway pike crossing plaza calle c cl calles avenida avda av. paseo pº plza pza carretera ctra camino cno "
    "ronda rambla travesía travesia glorieta pasaje urbanización urbanizacion urb polígono poligono barrio vía via "
    "cuesta alameda callejón callejon carrer avinguda passeig calzada autopista bulevar straße strasse platz weg "
    "allee rue chemin"
)
_ADDRESS: Final = (
    "apt apartment suite ste unit floor fl room rm building bldg box po p.o lot block blk house flat level dept ext "
    "no number north south east west n s e w ne nw se sw upper lower near piso portal escalera esc puerta pta bloque "
    "bl bajo izquierda izq derecha dcha núm num nº n.º s/n km casa edificio planta local apartado correos cp código "
    "codigo postal norte sur este oeste ático atico entresuelo"
)
_INSTITUTION: Final = (
    "hospital hospitals clinic clinics clinica clínica clínico clinico center centre centers centro centros medical "
    "médico medico médica health healthcare salud care urgent emergency urgencias department departamento dept unit "
    "unidad ward sala planta wing icu nicu picu ccu ed er or uci institute instituto foundation fundación fundacion "
    "university universidad universitario universitaria universitari college school escuela colegio facultad faculty "
    "academy laboratory laboratories labs lab laboratorio laboratorios pharmacy farmacia hospice home nursing "
    "rehabilitation rehab surgical surgery surgeons physicians associates group grupo practice family familia "
    "children children's women's men's veterans va general regional municipal provincial comarcal county state "
    "national nacional federal community memorial public público publica pública private international internacional "
    "central saint st san santa santo sant sta oncology cardiology neurology radiology pediatrics pediatric "
    "orthopedic orthopaedic psychiatry dermatology cancer eye mental behavioral primary specialty specialists pain "
    "sleep wellness dental oncología cardiología neurología radiología pediatría cirugía medicina interna servicio "
    "servei consulta consultorio atención primaria ambulatorio policlínico sanatorio complejo hospitalario bank banco "
    "credit union savings trust insurance seguros assurance mutual life company co corp corporation inc incorporated "
    "llc ltd limited plc lp llp gmbh ag sa s.a sl s.l slu nv bv holdings holding partners capital financial finance "
    "investments investment management services service solutions systems technologies technology consulting "
    "industries global logistics energy airlines media press news times daily post church police fire station court "
    "office agency bureau ministry ministerio council committee association asociación society sociedad club team "
    "league museum library theater theatre hotel restaurant airport park city town village township district region "
    "province provincia ciudad pueblo municipio"
)
_LINKS: Final = (
    "the of and at in on for to by from a an & de del la las los el y e en al lo da do dos das di du des der die und "
    "von van le les d l usa us u.s u.s.a uk eeuu ee uu eu ue"
)

#: What streets are called by.
STREET: Final = frozenset(_STREET.split())
#: Everything that stays.
KEPT: Final = STREET.union(_ADDRESS.split(), _INSTITUTION.split(), _LINKS.split())
