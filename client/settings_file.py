"""Writes ``site.toml`` for people: every setting, what it means, and those at rest commented out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

_TEMPLATE: Final = """\
# The settings of one fedaug site. Unknown settings are refused, so a slip of the pen is noticed.

# The site's name, as the consortium knows it.
name = {name}

[source]
# The records: .csv, .jsonl, .ndjson or .parquet. A relative path starts at this folder.
path = {source.path}
# The format, if the suffix does not tell: "csv", "jsonl" or "parquet".
{source.format?}
# What a row that cannot be used does: "stop" ends the job, "skip" counts it and leaves it out. An id that an earlier
# row has always stops.
on_bad_row = {source.on_bad_row}
# What a label is: "class", "number" or "none".
label_type = {source.label_type}
# The label set, if it is public and fixed; a label outside it is then a bad row.
{source.labels?}
# What such a row does: "stop" or "skip".
unknown_labels = {source.unknown_labels}
# With fewer usable records the site takes no part.
min_records = {source.min_records}

[source.columns]
# The column that holds the text.
text = {source.columns.text}
# The column that holds the label.
{source.columns.label?}
# The column that names a record; without it the row number does.
{source.columns.record_id?}
# The column that names the patient or account; without it every record counts as a subject of its own.
{source.columns.subject_id?}
# Further columns to read. What is kept of them, inside the site, deid.columns says.
attributes = {source.columns.attributes}

[privacy]
# Whom the promise protects: one "record", or one "subject" with all of its records.
unit = {privacy.unit}
# The most that all campaigns together may spend. Smaller is stricter.
epsilon = {privacy.epsilon}
# The probability with which the promise may fail: far below one over the number of records.
delta = {privacy.delta}
# Seconds. A release leaves when a whole number of them has passed since it was asked for, so that the time it took does
# not tell how many records there are: longer than any release takes. 0 sends at once.
reply_interval_s = {privacy.reply_interval_s}

[policy]
# Who may add the noise: "local" means that this site adds all of it itself.
trust_models = {policy.trust_models}
# What may leave, always noised and charged. "NoisySupport", which tells of single candidates whether many records are
# near, leaves only if it is named here.
release_kinds = {policy.release_kinds}
# Whether the site takes part in runs without noise, which promise nothing. For tests with public data.
allow_noise_off = {policy.allow_noise_off}
# The most candidates in one vote, or in one question of nearness.
max_candidates = {policy.max_candidates}

[samples]
# The generators whose texts this site offers, such as ["label-phrases"]; with none it offers no text. What they read is
# public, and named here, not by the coordinator.
generators = {samples.generators}
# Public corpora for generators that take any.
corpora = {samples.corpora}
# Gates that every text passes first, by name, or { gate = "length", options = { max_words = 200 } }. They read public
# data only.
gates = {samples.gates}
# Whether gates that read the records (copied words, distance, planted identifiers, used surrogates) decide what
# leaves, where a campaign asks for that. No promise holds for such a batch. Otherwise they only write what they find
# into findings/.
site_gates_block = {samples.site_gates_block}
# So many words in a row as in a record are a copy: 8 to 50.
copied_words = {samples.copied_words}
# A text whose embedding is closer to a record's than this is too close: 0 to 2.
least_distance = {samples.least_distance}
# A file of identifiers that were planted among the records, one a line.
{samples.planted?}
# Whether a text that repeats a surrogate which stands in the records is found too. Surrogates come from public lists,
# so common names are found by chance.
used_surrogates = {samples.used_surrogates}

[adaptation]
# Whether campaigns may have a language model adapted to the records here, under differential privacy.
allowed = {adaptation.allowed}
# The model: "embedded" for the one that fedaug brings, or a folder with a Hugging Face causal language model.
model = {adaptation.model}
# Whether the adapter itself may leave, where a campaign asks for it. It is as private as texts that are made with it.
share = {adaptation.share}
# The most training steps of one adaptation.
max_steps = {adaptation.max_steps}
# The most tokens of one record or text.
max_tokens = {adaptation.max_tokens}
# Threads to compute with; 0 leaves it to PyTorch.
threads = {adaptation.threads}
# Seconds. As privacy.reply_interval_s, for the answer to an adaptation: at best longer than one takes.
reply_interval_s = {adaptation.reply_interval_s}

[consortium]
# The public key (64 hexadecimal digits) of the authority that signs the consortium's enrolment list. With it only
# enrolled coordinators are heard; without it, anybody who reaches this site.
{consortium.authority?}

[deid]
# What is done with what is found: "hipaa-safe-harbor", "gdpr-pseudonymise", "pci", or the path of a .toml file of your
# own (fedaug deid policy show NAME prints one).
policy = {deid.policy}
# The records' language: two letters, or "auto" to tell it by the text.
language = {deid.language}
# The column that holds a record's language, if they differ; it is one of source.columns.attributes.
{deid.language_column?}
# A finding below this score stays in the text; 0 takes out all that is suspected.
score_threshold = {deid.score_threshold}
# Worker processes.
processes = {deid.processes}
# Columns: "keep", "drop", free "text", or the type of what is in it, such as "PERSON". A value of such a type is looked
# for in the text as well.
columns = {deid.columns}
# What is done with columns that are not named: "drop" or "keep".
other_columns = {deid.other_columns}
# Your own lists: [{ path = "staff.txt", entity_type = "PERSON" }], one string a line.
lists = {deid.lists}
# Your own patterns: [{ name = "badge", pattern = "B-[0-9]{6}", entity_type = "ID", score = 0.8 }].
patterns = {deid.patterns}
# Folders of your own models; they add to the built-in recognisers and replace none.
{deid.spacy_model?}
{deid.huggingface_model?}
"""


def render(values: Mapping[str, Any]) -> str:
    """``site.toml`` from plain values (``SiteSettings.model_dump(mode="json")``)."""
    return "".join(_rendered(line, values) for line in _TEMPLATE.splitlines(keepends=True))


def _rendered(line: str, values: Mapping[str, Any]) -> str:
    start, end = line.find("{"), line.rfind("}")
    if line.startswith("#") or start < 0:
        return line
    dotted = line[start + 1 : end]
    value = _find(values, dotted.rstrip("?"))
    if not dotted.endswith("?"):
        return f"{line[:start]}{_toml(value)}\n"
    name = dotted.rstrip("?").rsplit(".", maxsplit=1)[-1]
    return f"# {name} =\n" if value is None else f"{name} = {_toml(value)}\n"


def _find(values: Any, dotted: str) -> Any:  # noqa: ANN401 - a setting's type is its own
    for part in dotted.split("."):
        values = values[part]
    return values


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL; surrogate pairs, which TOML lacks, need ensure_ascii off.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):  # an inline table; what is at rest is left out
        return (
            "{ " + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items() if each is not None) + " }"
        )
    if isinstance(value, float) and math.isinf(value):
        return "inf"
    return repr(value)
