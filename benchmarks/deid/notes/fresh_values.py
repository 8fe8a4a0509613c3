"""The people, towns and organisations of the fresh notes; none of them occurs in the first set."""

from __future__ import annotations

from benchmarks.deid.notes.people import Community
from benchmarks.deid.notes.people import named_community as _community
from benchmarks.deid.notes.people import words as _words
from benchmarks.deid.notes.places import UK, US, Values
from benchmarks.deid.notes.places import listed as _list

_COMMUNITIES: tuple[Community, ...] = (
    _community(  # United States, mixed
        26,
        "Rosemary Glenda Connie Patrice Lindsey Mackenzie Vivian Francine Trudy Roberta Sherri Jeanette Hannah Abigail "
        "Phyllis Estelle Marcy Carolyn Heather April June Violet Ivy Olive Grace Melody Brandy Skye",
        "Russell Harvey Gordon Kenneth Bradley Trent Lester Elmer Roscoe Marvin Howard Wesley Hunter Logan Derek Toby "
        "Ernest Homer Otis Scott Rusty Drew Will Mark Art Gene Guy Frank Miles Rob",
        "Abernathy Burkholder Cadwell Dinsmore Eberhart Fenwick Gunderson Holcomb Ingersoll Jessup Kimbrough Loomis "
        "Mumford Nettles Oglesby Purcell Quimby Rockwell Schofield Talmadge Underhill Vandiver Whitcomb Yarborough "
        "Zeller Bracewell Culpepper Daugherty Ellsworth Fullerton Hollingsworth Kittredge Lovelace Penrod "
        "Love Marsh Lamb Sharp Fox Bishop Carpenter Cross Stone Winter Rose Hill Rivers Moody Savage Waters Strong",
    ),
    _community(  # African American
        8,
        "Shaniqua Tamika Lashonda Kiara Essence Nakia Raven Chantel Jada Quiana",
        "Demetrius Tyrell Malik Antwan Kareem Dontae Roosevelt Percy Jabari Kendrick",
        "Hightower Pinkney Stallworth Dozier Fluellen Mcghee Vaughns Beasley Swann Blackmon Merriweather Tolliver",
    ),
    _community(  # England, Wales and Scotland
        9,
        "Cordelia Prudence Elspeth Kirsty Rhiannon Carys Tamsin Felicity Winifred Poppy Eilidh",
        "Crispin Quentin Lachlan Euan Emrys Geraint Humphrey Cuthbert Digby Neville Ewan",
        "Oakeshott Birtwistle Shufflebotham Clutterbuck Hebblethwaite Murgatroyd Tregenza Penhaligon Gwynne Pritchard "
        "Abercrombie Kirkpatrick Dalrymple Auchterlonie Wolstenholme Satchwell Threlfall Inglethorpe",
    ),
    _community(  # Ireland
        7,
        "Bláthnaid Fionnuala Nuala Eimear Bríd Mairead Aisling Noreen",
        "Ruairi Oisín Lorcan Senan Brendan Conor Dermot Malachy",
        "O'Flaherty O'Dwyer O'Mahony Mac_Giolla McGonagle McEvoy Considine Hanrahan Scanlon Twomey Kinsella Ó_Briain",
    ),
    _community(  # Hispanic
        13,
        "Socorro Maribel Rosario Beatriz Ximena Nayeli Luz Asunción Pilar Estela Remedios Zulema Verónica",
        "Evaristo Leopoldo Anastasio Demetrio Wenceslao Raúl Adán Hernán Moisés Abelardo Tomás Ulises Ángel",
        "Arredondo Balderas Cantú Domínguez Elizondo Figueroa Galindo Hinojosa Jaramillo Lozano Murguía Nevárez Orozco "
        "Palacios Quintanilla Rentería Sepúlveda Treviño Valenzuela Xicohténcatl de_León",
        paired_surnames=True,
    ),
    _community(  # India, Pakistan, Bangladesh, Sri Lanka
        10,
        "Radhika Aparna Vasudha Jaspreet Manpreet Shabana Farzana Nilufar Dilrukshi Swathi Pooja Uma",
        "Raghunath Mahendra Ashok Gurdeep Sukhwinder Zubair Kamran Shahid Nuwan Prakash Vikram Anand",
        "Ramachandran Subbarao Banerjee Mukhopadhyay Joshi Phadke Gokhale Bajwa Gill Sidhu Ansari Malik Hashmi "
        "Ranasinghe Gunawardena Menon Varghese Kapoor Shah Reddy Bhatt",
    ),
    _community(  # China, Taiwan, Hong Kong
        7,
        "Xuefei Lanying Chunhua Yanmei Siyu Huifang Mei-Ling Jiayi",
        "Guoliang Yifan Wenbin Dawei Shaoqing Ruiming Chi-Ming Jinhai",
        "Situ Zhou Lin Gao Wu Chow Kwan Lui Chiang Deng Cai Fung Yip Ma",
        family_first=True,
    ),
    _community(  # Vietnam, Laos, Cambodia, Philippines
        6,
        "Hanh Tuyet Trinh Kim-Anh Chanthou Pahoua Maricris Ligaya Luzviminda",
        "Minh Thanh Phuc Bao Samnang Kong_Meng Rommel Efren Danilo",
        "Le Bui Doan Ngo Duong Keo Prak Moua Thao Yang Magsaysay Pangilinan Dimayuga Salonga Lacson",
    ),
    _community(  # Arab world, Iran, Afghanistan, Turkey
        7,
        "Khadija Maryam Lubna Widad Soraya Parisa Elif Zeynep Suhaila",
        "Tarek Omar Hisham Munir Jalal Reza Kaveh Murat Sami Anwar",
        "Al-Masri El-Amin Boutros Sabbagh Darwish Tabatabai Rostami Kazemi Demir Aydin Hamdan Zaki Karimi Wardak "
        "Najjar",
    ),
    _community(  # West and East Africa
        7,
        "Nkechi Titilayo Yetunde Ama Adwoa Mariama Ifrah Nyambura Selamawit Comfort",
        "Emeka Adebayo Segun Kwaku Ebo Ibrahima Cheikh Mohamud Njoroge Dawit Sunday Innocent",
        "Obiora Afolabi Balogun Chukwu Eze Amoako Owusu Acheampong Camara Sow Farah Haile Otieno Mutua Sesay",
    ),
    _community(  # Poland, Ukraine, Russia, the Balkans
        6,
        "Małgorzata Halina Irena Nadiya Tetiana Raisa Vesna Snežana Ludmila",
        "Stanisław Bartosz Mykola Oleh Arkady Gennady Zoran Nebojša Tadeusz",
        "Nowicki Zieliński Wróblewski Mazur Bondarenko Lysenko Moroz Sidorov Volkov Jovanović Horvat Babić Sobczak",
    ),
    _community(  # Jewish, Ashkenazi and Sephardi
        4,
        "Bracha Rochel Yael Malka Hadassah Perel",
        "Zev Pinchas Hershel Gershon Asher Dovid",
        "Feuerstein Mandelbaum Rabinowitz Katzenelson Silberman Abulafia Pinto Gutfreund Zuckerman",
    ),
    _community(  # Korea and Japan
        4,
        "Jiwon Sun-Hee Yuna Kyoko Naomi Tomoko",
        "Dong-Hyun Seungho Minjun Satoshi Ryota Makoto",
        "Choi Jeong Kang Lim Nishimura Okamoto Hasegawa Morita Tanabe Shin",
    ),
    _community(  # Scandinavia, Germany, the Netherlands
        5,
        "Kirsten Sigrid Ragnhild Ulrike Hannelore Marijke Saskia Birgit",
        "Leif Håkon Gunnar Wolfgang Ulrich Willem Joost Nils",
        "Sørensen Lundgren Åkesson Mikkelsen Halvorsen van_Dijk van_den_Berg Müller Brandt Kessel Oosterhuis Dahl "
        "Schumacher Vanderploeg",
    ),
    _community(  # Italy, Portugal, Greece, France, Haiti
        6,
        "Assunta Immacolata Vittoria Fotini Vasiliki Conceição Geneviève Odette Rose-Laure",
        "Pasquale Vito Rocco Dimitrios Apostolos Luís Étienne Fritznel Lucien",
        "Bevilacqua DiPietro LaRocca Caruso Stavropoulos Pappas Carvalho Medeiros Fontenot Guidry Dieudonné "
        "Beauvoir Lachance D'Amico L'Heureux",
    ),
    _community(  # Pacific and Native American nations
        2,
        "Malia Losa Kalea Dezbah Ofa",
        "Viliami Kaimana Fetu Lokelani Ahiga",
        "Kamaka Fuimaono Taumoepeau Manuelito Benally Nez Littlefeather",
    ),
)

_NICKNAMES = _words(
    "Sonny Red Dutch Tootie Cookie Bunny Sis Pops Nonna Tex Curly Duke Memo Pancho Chita Woody Ginger Birdie Mack "
    "Tink Boots Dixie Nan Jock"
)

FRESH = Values(
    communities=_COMMUNITIES,
    nicknames=_NICKNAMES,
    states=(
        ("NJ", "New Jersey", "08", ("609", "856", "732")),
        ("VA", "Virginia", "22", ("540", "703", "757")),
        ("KY", "Kentucky", "40", ("502", "606")),
        ("AL", "Alabama", "35", ("205", "256")),
        ("SC", "South Carolina", "29", ("803", "864")),
        ("IN", "Indiana", "46", ("219", "317", "574")),
        ("IA", "Iowa", "50", ("515", "319", "712")),
        ("KS", "Kansas", "66", ("785", "913")),
        ("OK", "Oklahoma", "73", ("405", "580")),
        ("AR", "Arkansas", "72", ("501", "479")),
        ("MS", "Mississippi", "39", ("601", "662")),
        ("UT", "Utah", "84", ("801", "435")),
        ("NV", "Nevada", "89", ("702", "775")),
        ("ID", "Idaho", "83", ("208",)),
        ("NE", "Nebraska", "68", ("402", "308")),
        ("SD", "South Dakota", "57", ("605",)),
        ("WV", "West Virginia", "25", ("304",)),
        ("CT", "Connecticut", "06", ("203", "860")),
        ("VT", "Vermont", "05", ("802",)),
        ("NH", "New Hampshire", "03", ("603",)),
        ("MD", "Maryland", "21", ("410", "301")),
        ("AK", "Alaska", "99", ("907",)),
    ),
    towns={
        US: _list(
            "Pellbrook;Gannet Cove;Ashgrove Heights;Little Sorrel;Hadley Fork;Wren City;Mossy Gap;Upper Tansy;Stroud;"
            "Bitter Lake;Calder Junction;New Torrance;Fort Bellamy;Plover Beach;Indian Thistle;Oxbow;Lower Penny Creek;"
            "Grantsby;Sable Ridge;Mill Prairie;Holloway;Eagle Ferry;Cobbs Landing;South Marlow;Wickett;Dry Willow;"
            "Arroyo Tordo;San Fermo;Villa Encanto;Belle Rivage;Kanakee Springs;Nohili;Tenmile;Fairbury;Rust Valley"
        ),
        UK: _list(
            "Oxley Magna;Thorpe Hessle;Brackenfold;Aberllyn;Invercraig;Pendrissick;Stoke Avenel;Whitby Sands;Dunkeld;"
            "Haworth Green;Lisnagarry;Kilbrannock;Nether Wallsop;Chipping Overy;Mossbank;Tregarrow;Hutton Cray;Sedgeley"
        ),
    },
    countries=_list(
        "Honduras;Pakistan;Kenya;Romania;Colombia;Cambodia;Sudan;Italy;Nepal;Trinidad;Syria;Bulgaria;Peru;Senegal;Tonga"
    ),
    street_names=_list(
        "Hickory;Pleasant Hill;Turnpike;Washington;Aspen Grove;Beechwood;Kestrel;Mulberry;Second;W 31st;S Grand;NE 7th;"
        "Saddleback;Creamery;Vineyard;Old Post;Camino Real Viejo;Douglass;Rosa Parks;Cherry Hollow;Tannery;Bluff;"
        "Fox Chase;Linden;Sunnyside;Gristmill;County Line;Laurel;Franklin;Cemetery"
    ),
    us_units=("", "", "", "", " Apt 5", ", Apt. 2-D", " #11B", ", Unit 30", " Spc 9", ", Rm 6", " Ste 210"),
    uk_streets=_list(
        "Cow Lane;Victoria Road;High Street;St Aldhelm's Close;Park View;The Paddocks;Gas Street;Ferry Road;Oak Drive;"
        "Miners' Row;Castle Street;Primrose Way;Chapel Hill;Coronation Avenue;Long Acre;Heol y Bont"
    ),
    uk_houses=("", "", "", "Flat 6, ", "Apartment 3A, ", "The Coach House, ", "Ivy Bank, "),
    uk_postcode_areas=_list("SN;GL;LN;HU;CA;DD;AB;LL;SY;TQ;BN;NE;HG;OL;IV"),
    uk_area_codes=("0114 496", "0131 496", "0151 496", "0191 498", "01632 960"),
    saints=_list(
        "St. Alban's;St Winefride;Saint Roch;Our Lady of Sorrows;St. Kateri;All Saints;St Oswald's;Blessed Trinity;"
        "St. Isidore;Bethesda;St. Ansgar's;San Martín"
    ),
    rivers=_list(
        "Willow Bend;Redstone;Lake Tansy;Beaver Run;Two Forks;Eagle Bluff;Lowcountry;Bayside;Mesquite;Clearwater;"
        "Goldenrod;Copper Hills;Black Alder;Westbrook;Hazelwood;Summit"
    ),
    wards=_list(
        "Ward 3A;Juniper Ward;6 South;9 East;Tower 2 West;Unit 5D;Ward 21;Gorse Ward;3 North;Dogwood Unit;Curlew Ward;"
        "Pavilion 4;11 West;Poplar Wing"
    ),
    named={
        US + "hosp": _list(
            "{town} Memorial Hospital;{saint} Regional Hospital;{river} Medical Center;{name} Hospital;"
            "{saint} Health Center;{town} County Hospital;Baptist Hospital of {town};{river} University Hospital;"
            "{name} Institute for Rehabilitation;{town} Children's Medical Center;{saint} Infirmary"
        ),
        UK + "hosp": _list(
            "{town} Infirmary;{saint} General Hospital;Queen Adelaide Hospital;{town} and District Hospital;"
            "{name} Memorial Hospital;{river} Community Hospital"
        ),
        US + "clinic": _list(
            "{river} Kidney Care;{town} Internal Medicine;{saint} Practice;{river} Foot & Ankle;{town} Sleep Center;"
            "{name} Dental Group;{town} Physicians;{river} Hospice;{river} Women's Care;{name} Oral Surgery;"
            "{town} Cardiology Consultants;{saint} Care Center;{river} Urgent Care;{town} Infusion Center"
        ),
        UK + "clinic": _list(
            "{river} Health Centre;{name} Street Surgery;{town} Medical Practice;The {river} Surgery;{saint} Hospice;"
            "{town} Dental Practice;{river} Lodge Care Home;{name} Partnership"
        ),
        "employer": _list(
            "{river} Meats;{name} Plumbing & Heating;{town} Public Library;{river} Distribution;{name} Foundry;"
            "{town} Sanitation District;{name} Cabinet Works;{river} Orchards;Oakhurst Textiles;{town} Zoo;"
            "Larkfield Analytics;Vulcan Ridge Mining;{name} and {name}, Attorneys;Pemmican Airlines;{river} Day Care"
        ),
        "insurer": _list(
            "Granite Mutual;High Plains Health;Anchor Point Insurance;BrightPath Choice PPO;Laurel State Health Plan;"
            "Compass Rose Benefits;Sentry Oak Assurance;Wayfarer Advantage;Union Prairie Life;Clearview Dental Plan"
        ),
        "school": _list(
            "{town} Middle School;{river} Elementary;{name} High School;{saint} School;{town} Technical College;"
            "{river} Academy;{name} Junior School;{river} State University"
        ),
        "bank": _list(
            "Bank of {town};{river} Community Credit Union;{name} National Bank;{town} & County Building Society;"
            "Drayman's Bank;Sterling Fell Bank;{river} Home Lending;Wharfside Trust;Aldermoor Bank plc"
        ),
        "church": _list(
            "{saint} Cathedral;First Methodist of {town};Greater Zion Temple;{saint} RC Church;Congregation Ohr Shalom;"
            "{town} Mosque;Iglesia Nueva Vida;Trinity Lutheran of {town};{town} Mandir;Harvest Fellowship"
        ),
        "pharmacy": _list("{town} Drug Store;{river} Chemist;{name} Pharmacy;{river} Apothecary;MedStop {town}"),
    },
    home_hosts=("ridgepost.net", "cloverinbox.com", "northpier-mail.com", "myhollowisp.net", "bramblemail.co.uk"),
)
