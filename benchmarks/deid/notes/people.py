"""The made-up people of the notes: first names, nicknames and surnames, by the community that they come from.

The lists were made up to look like the registration desk of a large English-speaking hospital. Nobody meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Community:
    """Names that are usually given together; ``weight`` is how often a person of the notes comes from here."""

    weight: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    paired_surnames: bool = False  # the father's and the mother's
    family_first: bool = False


def words(text: str) -> tuple[str, ...]:
    """The names of a list; an underscore stands for a space inside one name."""
    return tuple(word.replace("_", " ") for word in text.split())


def named_community(
    weight: int, women: str, men: str, surnames: str, *, paired_surnames: bool = False, family_first: bool = False
) -> Community:
    """A community from its lists of names."""
    return Community(weight, words(women), words(men), words(surnames), paired_surnames, family_first)


COMMUNITIES: tuple[Community, ...] = (
    named_community(  # United States, mixed
        26,
        "Marlene Darlene Tammy Kaylee Brooke Peggy Loretta Doreen Bernadette Rhonda Kimberly Shelby Ashlyn Paige "
        "Nadine Lorraine Haley Wanda Maureen Jolene Charlene Beverly Opal Geneva Hope Faith Joy Pearl Summer Dawn",
        "Duane Curtis Wendell Floyd Randall Dale Clifford Travis Brent Cody Garrett Vernon Earl Leroy Norman Stanley "
        "Mitchell Dwight Rex Wade Chad Tanner Colby Lyle Roland Clay Chase Grant Dean Cliff",
        "Hutchins Applegate Whitlock Pruitt Stoddard Kessler Barlow Hargrove Teague Lockhart Mayfield Ostrander Bixby "
        "Crenshaw Dunaway Fairchild Haskins Ledbetter Mabry Nesbitt Pettigrew Rutledge Satterfield Tillman Vickers "
        "Wexler Yancey Ballard Conklin Dorsey Eastman Farnsworth Goodrich Hendrix Kirkland Langley Merrill Overton "
        "Graves Bell Addison Long Young Rich Price Frost Banks Chambers Day Pope Case Gold Wise Field Little",
    ),
    named_community(  # African American
        8,
        "Latoya Shanice Keisha Ebony Monique Tanisha Lakeisha Imani Aaliyah Yolanda Denisha Precious",
        "Darnell Tyrone Jamal Terrell Marquis Deshawn Lamar Cedric Reginald Jermaine Isaiah Rashad",
        "Gaines Booker Broadnax Pettway Chatman Gadson Mosley Sykes Hairston Bolden Witherspoon Cephas Ruffin Tubman",
    ),
    named_community(  # England, Wales and Scotland
        9,
        "Philippa Gillian Imogen Harriet Rosalind Fiona Morag Catriona Bronwen Nerys Hilary Jemima Beatrix Isla",
        "Nigel Graham Rupert Alistair Hamish Callum Gareth Rhys Dylan Clive Trevor Alfie Barnaby Fergus Angus",
        "Ainsworth Braithwaite Entwistle Featherstone Greenhalgh Higginbottom Ogden Postlethwaite Ramsbottom "
        "Thistlewood Winterbourne Llewellyn Prosser Cadwallader Drummond MacAllister Urquhart Farquharson "
        "Tattersall Wainwright Bickerstaff Pemberton Colquhoun Gillespie MacLeod Trewin",
    ),
    named_community(  # Ireland
        7,
        "Aoife Siobhan Niamh Grainne Orla Sinead Roisin Deirdre Ciara Maeve",
        "Eamon Padraig Declan Cormac Fintan Diarmuid Tadhg Colm Donal Cathal",
        "O'Donoghue O'Shaughnessy O'Halloran O'Riordan McGillicuddy McNamara Brannigan Gallagher Kilbride Mulcahy "
        "Heffernan Tierney Cusack Devlin Geraghty Lafferty MacGabhann Ni_Bhriain",
    ),
    named_community(  # Hispanic
        13,
        "Guadalupe Marisol Xiomara Yesenia Graciela Itzel Rocío Lourdes Milagros Esperanza Consuelo Araceli Maricela "
        "Dolores Inés Belén",
        "Alejandro Rogelio Ignacio Heriberto Efraín Osvaldo Ramiro Cuauhtémoc Joaquín Gilberto Ezequiel Fermín Arturo "
        "Jesús Humberto Nicolás",
        "Villalobos Zamora Castañeda Bustamante Echeverría Quiñones Ybarra Maldonado Arriaga Cisneros Montemayor "
        "Covarrubias Muñoz Peña Olvera Saldívar Tejeda Urrutia Zepeda Barrientos de_la_Cruz del_Río Ocampo Benavides "
        "Escamilla Villaseñor",
        paired_surnames=True,
    ),
    named_community(  # India, Pakistan, Bangladesh, Sri Lanka
        10,
        "Lakshmi Anjali Deepika Sunita Kavitha Padmini Shreya Meenakshi Gurpreet Harleen Nusrat Rukhsana Thilini",
        "Venkatesh Rajesh Sanjay Harpreet Balwinder Arvind Subramanian Karthik Imtiaz Tariq Nadeem Chaminda Dinesh",
        "Krishnamurthy Venkataraman Iyer Chatterjee Mukherjee Deshpande Kulkarni Bhattacharya Agarwal Grewal Dhillon "
        "Sandhu Qureshi Siddiqui Chaudhry Rahmatullah Jayawardena Wickramasinghe Pillai Nair Mehta Trivedi Rao",
    ),
    named_community(  # China, Taiwan, Hong Kong
        7,
        "Xiaoling Meihua Yuting Shufen Jingyi Lihua Qiuyue Wenjing Peishan Ruolan",
        "Zhiqiang Haoran Jianguo Weiming Guohua Mingzhe Chenghao Zhenyu Tianyi Kwok-Wai",
        "Ouyang Zhang Xu Huang Guo Cheung Tsang Leung Tsai Hsieh Shen Qian Fong Szeto Ng",
        family_first=True,
    ),
    named_community(  # Vietnam, Laos, Cambodia, Philippines
        6,
        "Thuy Huong Ngoc Phuong Linh Bopha Sokha Maylee Rosalinda Corazon Jovelyn",
        "Quang Duc Hieu Tuan Khanh Vuthy Sopheap Bounmy Rodel Crisanto Reynaldo",
        "Nguyen Tran Pham Huynh Vo Dang Truong Lac Sok Chhim Vang Xiong Dimaculangan Macaraeg Catacutan Bautista",
    ),
    named_community(  # Arab world, Iran, Afghanistan, Turkey
        7,
        "Fatima Zainab Noura Hanan Samira Leyla Shirin Nasrin Dilara Yasmin Rania",
        "Khalid Yousef Abdulrahman Bilal Farid Hossein Mehdi Emre Mustafa Walid Idris",
        "Al-Rashidi El-Sayed Haddad Khoury Mansour Nasrallah Ghorbani Hosseini Tehrani Yildirim Abu-Zaid Saleh Barakat "
        "Shaheen Noorzai bin_Hamad",
    ),
    named_community(  # West and East Africa
        7,
        "Ngozi Chiamaka Folasade Adaeze Abena Akosua Efua Fatoumata Hodan Wanjiru Tsehay Blessing",
        "Chukwuemeka Oluwaseun Babatunde Kwabena Kofi Yaw Mamadou Ousmane Abdirahman Kipchoge Tesfaye Godswill",
        "Okonkwo Adeyemi Oyelaran Nwosu Ezeudu Boateng Asante Mensah Diallo Traoré Ndiaye Warsame Gebremedhin Kamau "
        "Mbeki Igwe",
    ),
    named_community(  # Poland, Ukraine, Russia, the Balkans
        6,
        "Agnieszka Katarzyna Bogumiła Danuta Oksana Lyudmila Svitlana Jadwiga Zlatka Mirjana",
        "Krzysztof Zbigniew Łukasz Wojciech Bohdan Yevgeny Vyacheslav Grzegorz Dragan Miroslav",
        "Wiśniewska Kowalczyk Szczepański Wojciechowski Brzezicki Kovalenko Shevchuk Tkachenko Bogdanov Petrović "
        "Marinković Jankowski Pawlak Gorski",
    ),
    named_community(  # Jewish, Ashkenazi and Sephardi
        4,
        "Rivka Shoshana Miriam Chaya Zipporah Tova Golda Devorah",
        "Mordechai Yitzhak Menachem Avi Shlomo Ezra Moishe Baruch",
        "Rosenblatt Finkelstein Abramowitz Goldfarb Lefkowitz Shapiro Teitelbaum Benveniste Toledano Perlmutter",
    ),
    named_community(  # Korea and Japan
        4,
        "Eunji Soo-Jin Hyejin Minseo Haruka Michiko Sachiko Ayumi",
        "Joon-Ho Sungmin Taeyang Hyunwoo Takeshi Kenji Hiroshi Daisuke",
        "Kwon Park Hwang Seo Yoon Watanabe Nakagawa Fujimoto Matsuoka Ishiguro Bae",
    ),
    named_community(  # Scandinavia, Germany, the Netherlands
        5,
        "Ingrid Solveig Astrid Gunhild Annelise Liesbeth Heike Femke Britt",
        "Søren Bjørn Lars Torvald Jürgen Dieter Pieter Anders Henrik",
        "Lindqvist Haugen Kjeldsen Bergström Thorvaldsen Rasmussen van_der_Meer van_Houten Schröder Vogelsang Hoffmann "
        "Zimmermann de_Vries Steenkamp Eriksdotter",
    ),
    named_community(  # Italy, Portugal, Greece, France, Haiti
        6,
        "Giuseppina Concetta Ornella Despina Eleni Filomena Marie-Claire Solange Mirlande Guerline",
        "Salvatore Carmine Gaetano Stavros Panagiotis Konstantinos Jean-Baptiste Thierry Wilner Anselmo",
        "Esposito DeLuca DiGiovanni Mastrangelo Papadopoulos Karagiannis Figueiredo Tavares Thibodeaux Boudreaux "
        "Jean-Louis Desrosiers Arsenault Toussaint D'Angelo St._Pierre",
    ),
    named_community(  # Pacific and Native American nations
        2,
        "Leilani Sefina Talia Winona Mele",
        "Sione Tevita Keoni Semisi Chayton",
        "Kealoha Tuiasosopo Faleolo Begaye Yazzie Tsosie Kahananui Whitehorse",
    ),
)

# What people are called at home, by family or by staff; each stands in the notes in inverted commas or alone.
NICKNAMES: tuple[str, ...] = words(
    "Bud Skip Dot Mimi Lupe Chuy Nacho Sully Smitty Peaches Junior Buddy Nana Trixie Bubba Tito Gigi Ziggy Mo Babs "
    "Rocky Lottie Pip Kit Jojo Minnie Dodie Beto Chip Scooter"
)


def names(communities: tuple[Community, ...] = COMMUNITIES, nicknames: tuple[str, ...] = NICKNAMES) -> frozenset[str]:
    """Every first-name and surname token that the notes may use, lower-cased.

    A name with an apostrophe or a hyphen is given whole and in its parts (``o'donoghue`` and ``donoghue``), because
    tokenisers cut such names in different places. Particles (``van der``, ``St.``) are not names.
    """
    whole = {name for group in communities for name in (*group.women, *group.men, *group.surnames)} | set(nicknames)
    tokens = {token for name in whole for token in name.split()}
    pieces = {piece for token in tokens for piece in re.split(r"['-]", token) if len(piece) > 2}
    return frozenset(text.lower() for text in tokens | pieces if text[0].isupper() and not text.endswith("."))


def community(random: Random, communities: tuple[Community, ...] = COMMUNITIES) -> Community:
    """One community, as often as its weight says."""
    return random.choices(communities, weights=[group.weight for group in communities])[0]
