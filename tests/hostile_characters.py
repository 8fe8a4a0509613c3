"""Hostile texts made of characters: unseen, look-alike, of other scripts, or broken."""

from __future__ import annotations

import unicodedata

from tests.hostile_collection import NOTE, NOTE_PIECES, Collection

CHARACTERS = Collection()
add = CHARACTERS.add


def _fullwidth(text: str) -> str:
    """ASCII moved to the full-width forms of East Asian typesetting."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _digits(text: str, zero: str) -> str:
    """Digits moved to another script, whose nought is given."""
    return "".join(chr(ord(zero) + int(char)) if char.isdigit() and char.isascii() else char for char in text)


# Characters that nobody sees, in the middle of what identifies.
add(
    "zero_width_space_in_name",
    "a zero-width space cuts a name that looks whole",
    "Patient Rosa\u200blind Whit\u200block came in with her sister.",
    "Rosa\u200blind",
    "Whit\u200block",
)
add(
    "zero_width_joiners_in_number",
    "joiners between the digits of a social security number",
    "SSN 219\u200d-4\u200c7-88\u200d31 was confirmed.",
    "219\u200d-4\u200c7-88\u200d31",
)
add(
    "zero_width_space_between_all_letters",
    "every letter stands alone",
    "Name: " + "\u200b".join("Whitlock") + ", aged 67.",
    "\u200b".join("Whitlock"),
)
add(
    "word_joiner_in_mail",
    "a word joiner before the at sign",
    "Write to rosalind.whitlock\u2060@\u2060homelink-mail.com today.",
    "rosalind.whitlock\u2060@\u2060homelink-mail.com",
)
add(
    "soft_hyphens",
    "soft hyphens, as copied from a typeset page",
    "Mrs. Feather\u00adstone of Larkspur Street, tel. 419\u00ad-555\u00ad-0148.",
    "Feather\u00adstone",
    "419\u00ad-555\u00ad-0148",
)
add(
    "byte_order_marks",
    "byte order marks at the start and inside",
    "\ufeffPatient \ufeffWhitlock, MRN 4829\ufeff1173.",
    "Whitlock",
    "4829\ufeff1173",
)
add(
    "variation_selectors",
    "variation selectors after digits",
    "MRN 4\ufe0e8\ufe0e2\ufe0e9\ufe0e1173.",
    "4\ufe0e8\ufe0e2\ufe0e9\ufe0e1173",
)
add(
    "tag_characters",
    "invisible tag characters spell a name that no reader sees",
    "All well." + "".join(chr(0xE0000 + ord(char)) for char in "Whitlock") + " Review in May.",
)
add(
    "mongolian_vowel_separator",
    "a separator that older Unicode counted as a blank",
    "Dr. Whit\u180elock, 03/14\u180e/2019.",
    "Whit\u180elock",
    "03/14\u180e/2019",
)
add("invisible_only", "nothing but invisible characters", "\u200b\u200c\u200d\u2060\ufeff\u00ad" * 200)

# Direction marks.
add(
    "right_to_left_override",
    "an override shows the number backwards; it is stored reversed",
    "Phone \u202e8410-555 (914)\u202c for results. Surname: \u202ekcoltihW\u202c.",
    "8410-555 (914)",
    "kcoltihW",
)
add(
    "direction_marks_in_name",
    "left-to-right and right-to-left marks inside a name and a date",
    "Rosa\u200elind Whit\u200flock, born 03\u200f/14\u200f/1952.",
    "Rosa\u200elind",
    "Whit\u200flock",
    "03\u200f/14\u200f/1952",
)
add(
    "unclosed_isolates",
    "a thousand isolates that are never closed",
    "\u2066" * 1000 + "Whitlock" + "\u2067" * 1000,
    "Whitlock",
)
add(
    "hebrew_and_arabic_between",
    "runs of right-to-left script around a Latin name",
    "המטופל Mordechai Teitelbaum هاتف 419-555-0148 נבדק.",
    "Mordechai Teitelbaum",
    "419-555-0148",
)

# Letters that look like others.
add(
    "cyrillic_homoglyphs_in_name",
    "Cyrillic о, а, е and с in a Latin name",
    "Patient R\u043es\u0430lind Whitl\u043e\u0441k was discharged.",
    "R\u043es\u0430lind",
    "Whitl\u043e\u0441k",
)
add(
    "greek_homoglyphs_in_name",
    "Greek capital letters that look Latin",
    "Name: \u0392\u0395\u039d\u0391\u03a7\u0399\u0394\u0395\u03a3, \u039capia.",
    "\u0392\u0395\u039d\u0391\u03a7\u0399\u0394\u0395\u03a3",
    "\u039capia",
)
add(
    "homoglyphs_in_mail",
    "Cyrillic letters in a mail address",
    "Contact r.whitl\u043eck@homelink-m\u0430il.com for forms.",
    "r.whitl\u043eck@homelink-m\u0430il.com",
)
add(
    "homoglyph_digits",
    "letters O and l for nought and one in a phone number",
    "Call (4l9) 555-Ol48 after six.",
    "(4l9) 555-Ol48",
)
add(
    "mathematical_letters",
    "bold and script letters of mathematics",
    "Patient 𝐑𝐨𝐬𝐚𝐥𝐢𝐧𝐝 𝒲𝒽𝒾𝓉𝓁ℴ𝒸𝓀, MRN 𝟒𝟖𝟐𝟗𝟏𝟏𝟕𝟑.",
    "𝐑𝐨𝐬𝐚𝐥𝐢𝐧𝐝 𝒲𝒽𝒾𝓉𝓁ℴ𝒸𝓀",
    "𝟒𝟖𝟐𝟗𝟏𝟏𝟕𝟑",
)
add(
    "full_width_letters_and_digits",
    "full-width forms throughout",
    f"Note: {_fullwidth('Rosalind Whitlock')}, SSN {_fullwidth('219-47-8831')}.",
    _fullwidth("Rosalind Whitlock"),
    _fullwidth("219-47-8831"),
)
add(
    "full_width_mail",
    "a full-width at sign and full stop",
    "Mail rosalind\uff20homelink-mail\uff0ecom.",
    "rosalind\uff20homelink-mail\uff0ecom",
)
add("small_capitals", "phonetic small capitals", "Pt ʀᴏꜱᴀʟɪɴᴅ ᴡʜɪᴛʟᴏᴄᴋ seen.", "ʀᴏꜱᴀʟɪɴᴅ ᴡʜɪᴛʟᴏᴄᴋ")
add("circled_letters", "circled letters and digits", "Pt Ⓦⓗⓘⓣⓛⓞⓒⓚ, MRN ④⑧②⑨①①⑦③.", "Ⓦⓗⓘⓣⓛⓞⓒⓚ", "④⑧②⑨①①⑦③")
add(
    "ligatures",
    "typographic ligatures in a name and a street",
    "Mrs. Gri\ufb03th of 14 Sta\ufb00ord Lane.",
    "Gri\ufb03th",
    "14 Sta\ufb00ord Lane",
)
add("leetspeak", "digits for letters in a name", "Name R0s4l1nd Wh1tl0ck, aged 67.", "R0s4l1nd Wh1tl0ck")
add(
    "spaced_letters",
    "a name and a number set with spaces between",
    "P A T I E N T : W H I T L O C K , 2 1 9 - 4 7 - 8 8 3 1",
    "W H I T L O C K",
    "2 1 9 - 4 7 - 8 8 3 1",
)

# Digits, dashes and blanks of other kinds.
add(
    "arabic_indic_digits",
    "Arabic-Indic digits in a phone number and a date",
    f"Call {_digits('419-555-0148', '٠')} before {_digits('14/03/2019', '٠')}.",
    _digits("419-555-0148", "٠"),
    _digits("14/03/2019", "٠"),
)
add(
    "devanagari_digits",
    "Devanagari digits in a record number",
    f"MRN {_digits('48291173', '०')}.",
    _digits("48291173", "०"),
)
add(
    "superscript_digits",
    "superscript and subscript digits",
    "MRN ⁴⁸²⁹¹¹⁷³ and SSN ₂₁₉-₄₇-₈₈₃₁.",
    "⁴⁸²⁹¹¹⁷³",
    "₂₁₉-₄₇-₈₈₃₁",
)
add(
    "fraction_slash_dates",
    "fraction and division slashes in dates",
    "Seen 03\u204414\u20442019 and 04\u221502\u22152019.",
    "03\u204414\u20442019",
    "04\u221502\u22152019",
)
add(
    "odd_hyphens_in_phone",
    "non-breaking hyphen, figure dash, en dash, minus sign",
    "Call 419\u2011555\u20110148, 419\u2012555\u20120149, 419\u2013555\u20130150 or 419\u2212555\u22120151.",
    "419\u2011555\u20110148",
    "419\u2012555\u20120149",
    "419\u2013555\u20130150",
    "419\u2212555\u22120151",
)
add(
    "odd_blanks",
    "no-break, thin, figure and ideographic blanks",
    "Rosalind\u00a0Whitlock, 419\u2009555\u20090148, MRN\u30004829\u20071173.",
    "Rosalind\u00a0Whitlock",
    "419\u2009555\u20090148",
    "4829\u20071173",
)
add("roman_numeral_characters", "Roman numerals as single characters in a date", "Born 14.Ⅲ.1952.", "14.Ⅲ.1952")
add(
    "spelt_out_number",
    "a phone number in words",
    "Phone four one nine, five five five, oh one four eight.",
    "four one nine, five five five, oh one four eight",
)
add(
    "spelt_out_mail",
    "a mail address written for people",
    "Mail rosalind dot whitlock at homelink-mail dot com.",
    "rosalind dot whitlock at homelink-mail dot com",
)

# Composition.
_COMPOSED = "Søren Bergström and José Muñoz, Zoë Łukasiewicz"
add(
    "composed_accents",
    "accents as one character (NFC)",
    unicodedata.normalize("NFC", _COMPOSED),
    *(unicodedata.normalize("NFC", name) for name in ("Søren Bergström", "José Muñoz", "Zoë Łukasiewicz")),
)
add(
    "decomposed_accents",
    "the same with combining marks (NFD)",
    unicodedata.normalize("NFD", _COMPOSED),
    *(unicodedata.normalize("NFD", name) for name in ("Søren Bergström", "José Muñoz", "Zoë Łukasiewicz")),
)
add(
    "stacked_marks",
    "thirty combining marks on every letter",
    "Name: " + "".join(char + "\u0301\u0316\u0337" * 10 for char in "Whitlock") + ".",
    "".join(char + "\u0301\u0316\u0337" * 10 for char in "Whitlock"),
)
add(
    "mark_without_letter",
    "a text that begins with combining marks",
    "\u0301" * 500 + "Whitlock, 219-47-8831",
    "Whitlock",
    "219-47-8831",
)
add(
    "lengths_change_with_case",
    "letters that grow when their case changes (ß, İ, ŉ)",
    "Dr. Weiß, DR. İLKAY GROẞ, ŉ " * 50,
    "Weiß",
    "İLKAY GROẞ",
)
add(
    "lengths_change_with_normalising",
    "one character that becomes eighteen under NFKC",
    "\ufdfa" * 500 + NOTE,
    *NOTE_PIECES,
)
add(
    "hangul_jamo",
    "Korean syllables as separate letters",
    unicodedata.normalize("NFD", "환자 권은지 님, 419-555-0148"),
    "419-555-0148",
)

# Broken text.
add(
    "null_bytes",
    "null bytes between and inside",
    "Patient Whit\x00lock\x00, MRN 48291173\x00",
    "Whit\x00lock",
    "48291173",
)
add(
    "lone_surrogates",
    "halves of surrogate pairs, which cannot be encoded",
    "Pt \ud83d Whitlock \udc00 219-47-8831 \ud800",
    "Whitlock",
    "219-47-8831",
)
add("lone_surrogate_in_name", "half a surrogate pair inside a name", "Pt Whit\ud800lock.", "Whit\ud800lock")
add(
    "noncharacters",
    "code points that Unicode promises never to use",
    "Pt Whitlock \ufffe\uffff\U0010ffff seen.",
    "Whitlock",
)
add(
    "replacement_characters",
    "text that was decoded wrongly before",
    "Mu\ufffd\ufffdoz, Jos\ufffd, 219-47-8831",
    "219-47-8831",
)
add("mojibake", "UTF-8 read as Latin-1", "Patient MuÃ±oz, JosÃ©, MRN 48291173", "MuÃ±oz, JosÃ©", "48291173")
add(
    "control_characters",
    "every C0 and C1 control character",
    "".join(map(chr, [*range(32), *range(127, 160)])) + NOTE,
    *NOTE_PIECES,
)
add(
    "mixed_newlines",
    "all the line ends there are",
    "Rosalind\r\nWhitlock\rMRN\n48291173\x0bSSN\x0c219-47-8831\u2028DOB\u202903/14/1952\x85",
    "48291173",
    "219-47-8831",
    "03/14/1952",
)
add("only_newlines", "a hundred thousand empty lines", "\n" * 100_000)
add(
    "ansi_escapes",
    "terminal colours around and inside",
    "\x1b[31mRosalind \x1b[1mWhit\x1b[0mlock\x1b[0m, 219-\x1b[4m47\x1b[0m-8831",
    "Rosalind",
    "Whit\x1b[0mlock",
    "219-\x1b[4m47\x1b[0m-8831",
)
add(
    "backspaces",
    "overstruck letters, as old terminals wrote bold",
    "W\bWh\bhi\bit\btl\blo\boc\bck\bk, aged 67",
    "W\bWh\bhi\bit\btl\blo\boc\bck\bk",
)
add(
    "emoji",
    "emoji with joiners, skin tones and flags around identifiers",
    "👩🏽‍⚕️Rosalind Whitlock👨‍👩‍👧‍👦☎️(419) 555-0148🇺🇸",
    "Rosalind Whitlock",
    "(419) 555-0148",
)
add("keycap_digits", "keycap emoji for digits", "Call 4️⃣1️⃣9️⃣-555-0148.", "4️⃣1️⃣9️⃣-555-0148")
