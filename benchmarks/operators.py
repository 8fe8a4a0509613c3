"""Does a student gain by an operator? Each one against no augmentation, and against augmentation without a model.

    python -m benchmarks.operators --json

The student is the linear one on MiniLM vectors. Its training texts are a few real ones, which stand for public texts or
DP output, and as many more as an operator makes of them. Two tasks:

- ``banking77``: the intent of a query, from 5 and from 10 texts of each label.
- ``mts_dialog``: the section that a dialogue goes into, from the beginnings of 100 and of 300 dialogues. Here stands
  beside the operators what the authors of the data set made of the same dialogues by back-translation through French
  and Spanish (Ben Abacha et al. 2023, section 4.2). They translated the dialogues and not the sections.

Every figure is a mean over seeds, which draw other training texts, with a 95 % interval by Student's t; the gain is
over no augmentation on the same draw. Held out is a fifth of the training file, by a hash of the text, and of
``mts_dialog`` the validation file too; nothing here was tuned on them. Labelling operators get texts whose labels are
hidden from them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.measure import result, show
from benchmarks.operator_tasks import Draw, Task, tasks
from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.encoder import Encoder, MiniLM
from fedaug.augmentation.language.loading import EMBEDDED, load_language_model
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.sampling import LocalSampler
from fedaug.augmentation.operators.annotate import Annotate
from fedaug.augmentation.operators.annotate_budgeted import AnnotateBudgeted
from fedaug.augmentation.operators.annotator import Annotator
from fedaug.augmentation.operators.counterfactual import Counterfactual
from fedaug.augmentation.operators.ensemble_select import EnsembleSelect
from fedaug.augmentation.operators.entity_paraphrase import EntityParaphrase
from fedaug.augmentation.operators.few_shot import FewShot
from fedaug.augmentation.operators.mix import Mix
from fedaug.augmentation.operators.paraphrase import Paraphrase
from fedaug.augmentation.operators.reader import Reader
from fedaug.augmentation.operators.splice import Splice
from fedaug.augmentation.operators.teacher import VectorTeacher
from fedaug.augmentation.operators.tune_then_generate import TuneThenGenerate
from fedaug.augmentation.operators.word_swap import WordSwap
from fedaug.augmentation.operators.writer import Writer
from fedaug.errors import FedaugError, InputError
from fedaug.privacy.vetting import Batch, vet
from fedaug.privacy.vetting.labels import InformationGate
from fedaug.privacy.vetting.linear_labeller import LinearLabeller
from fedaug.privacy.vetting.novelty import NoveltyGate
from fedaug.server.students import LinearStudent

NONE = "none"
HEADLINE = "paraphrase"
Make = Callable[[], list[Candidate]]


class Remembering:
    """An encoder that embeds each text once."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str], progress: object = None) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass
class Cell:
    """What one arm scored, seed by seed."""

    accuracy: list[float] = field(default_factory=list)
    macro_f1: list[float] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def trained(examples: Sequence[Candidate], task: Task, encoder: Encoder) -> LinearStudent:
    """A student; a soft label is believed in its shares."""
    place = {label: index for index, label in enumerate(task.labels)}
    shares = np.zeros((len(examples), len(place)))
    for row, one in enumerate(examples):
        for label, share in one.weighted_labels:
            shares[row, place[label]] = share
    vectors = encoder.embed([one.text for one in examples])
    soft = bool((shares.max(axis=1) < 1).any())
    # One regularisation for hard and soft: else an arm would gain by being soft.
    return LinearStudent(inverse_regularisation=10.0).fit(
        vectors, shares if soft else shares.argmax(axis=1), classes=len(place)
    )


def scored(student: LinearStudent, task: Task, encoder: Encoder) -> tuple[float, float]:
    """Accuracy and macro-F1 on what is held out, in per cent."""
    found = student.predict(encoder.embed(task.texts))
    truth = np.array([task.labels.index(label) for label in task.truth])
    ratios = []
    for label in np.unique(truth):
        hits = float(((found == label) & (truth == label)).sum())
        ratios.append(2 * hits / max(float((found == label).sum() + (truth == label).sum()), 1.0))
    return 100 * float((found == truth).mean()), 100 * float(np.mean(ratios))


def arms(task: Task, draw: Draw, model: LanguageModel, encoder: Encoder, seed: int, judged: int) -> Mapping[str, Make]:
    """What makes the texts that are added, by name.

    Args:
        judged: Most texts for which a likelihood of every label is asked, which takes seconds for 77 labels.
    """
    parents, count = draw.parents, len(draw.parents)
    writer = Writer(LocalSampler(model), task.setting)
    # Every label is asked about, and a label without a text has no demonstration: so none is shown.
    judge = Annotator(Reader(model), task.labels, setting=task.setting)
    student = trained(parents, task, encoder)
    teacher = VectorTeacher(encoder, task.labels, student.scores, Dependence.PUBLIC)
    hidden = [replace(one, label=None) for one in draw.others]
    each: dict[str, Make] = {name: (lambda made=made: made) for name, made in draw.rivals.items()}
    operators = {
        "splice": (Splice(), parents, count),
        "word-swap": (WordSwap(), parents, count),
        "few-shot": (FewShot(writer), parents, count),
        "tune-then-generate, not adapted": (TuneThenGenerate(writer), parents, count),
        "ensemble-select": (EnsembleSelect(writer, judge), parents, min(count, judged)),
        "paraphrase": (Paraphrase(writer), parents, count),
        "entity-paraphrase": (EntityParaphrase(writer), parents, count),
        "mix": (Mix(writer), parents, count),
        "counterfactual": (Counterfactual(writer, teacher), parents, min(count, judged)),
        "annotate": (Annotate(judge), hidden, min(count, judged)),
        "annotate-budgeted": (AnnotateBudgeted(judge, teacher=teacher), hidden, min(count, judged)),
    }
    for name, (operator, given, most) in operators.items():
        each[name] = lambda operator=operator, given=given, most=most: operator.apply(given, most, seed)
    for name in ("few-shot", "tune-then-generate, not adapted", "paraphrase"):
        each[f"{name}, filtered"] = lambda make=each[name]: filtered(make(), parents, encoder)
    return each


def filtered(made: Sequence[Candidate], parents: Sequence[Candidate], encoder: Encoder) -> list[Candidate]:
    """What tells of its label by a model of the parents (PVI above 0), and is worded anew (ROUGE-L below 0.7)."""
    if not made:
        return []
    vectors = encoder.embed([one.text for one in parents])
    labeller = LinearLabeller(vectors, [str(one.label) for one in parents])
    texts = tuple(one.text for one in made)
    batch = Batch(texts, tuple(one.label for one in made), encoder.embed(texts))
    gates = [InformationGate(labeller), NoveltyGate(known=[one.text for one in parents])]
    return [made[row] for row in vet(batch, gates).kept]


def measured(
    task: Task, size: int, model: LanguageModel, encoder: Encoder, options: argparse.Namespace
) -> dict[str, Cell]:
    """One table: each arm at one size, over the seeds."""
    cells: dict[str, Cell] = {}
    for seed in range(options.seeds):
        draw = task.draw(size, seed)
        made = {NONE: (lambda: []), **arms(task, draw, model, encoder, seed, options.judged)}
        for name, make in made.items():
            if options.only and name not in {NONE, *options.only}:
                continue
            began = time.perf_counter()
            try:
                added = make()
            except InputError as refused:  # such as a text too long for the model: the arm is not in the table
                print(f"{task.name} {size} seed {seed}: {name} left out ({refused})", file=sys.stderr)
                continue
            cell = cells.setdefault(name, Cell())
            cell.seconds.append(time.perf_counter() - began)
            accuracy, macro_f1 = scored(trained([*draw.parents, *added], task, encoder), task, encoder)
            cell.accuracy.append(accuracy)
            cell.macro_f1.append(macro_f1)
            cell.added.append(len(added))
            print(f"{task.name} {size} seed {seed}: {name} {accuracy:.1f} ({len(added)} added)", file=sys.stderr)
    return cells


def interval(values: Sequence[float]) -> float:
    """Half the width of a 95 % interval of the mean; NaN of one value."""
    if len(values) < 2:
        return float("nan")
    return float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))


def table(cells: Mapping[str, Cell]) -> list[dict[str, float | str | None]]:
    """Rows for people and machines, in the order in which the arms ran."""
    rows: list[dict[str, float | str | None]] = []
    complete = {name: cell for name, cell in cells.items() if len(cell.accuracy) == len(cells[NONE].accuracy)}
    for name, cell in complete.items():
        gains = [one - other for one, other in zip(cell.accuracy, cells[NONE].accuracy, strict=True)]
        width, gain_width = interval(cell.accuracy), interval(gains)
        rows.append(
            {
                "operator": name,
                "added": float(np.mean(cell.added)),
                "accuracy": float(np.mean(cell.accuracy)),
                "accuracy_interval": None if np.isnan(width) else width,
                "gain": float(np.mean(gains)),
                "gain_interval": None if np.isnan(gain_width) else gain_width,
                "macro_f1": float(np.mean(cell.macro_f1)),
                "seconds": float(np.mean(cell.seconds)),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--model", default=EMBEDDED, help="folder of a causal language model, or 'embedded'")
    parser.add_argument("--data", type=Path, help="folder of data sets; $FEDAUG_DATA if not given")
    parser.add_argument("--tasks", nargs="*", default=["banking77", "mts_dialog"])
    parser.add_argument(
        "--sizes", type=int, nargs="*", help="texts of a label, or dialogues; the task's own if not given"
    )
    parser.add_argument("--labels", type=int, help="so many labels of banking77 only, for a quick look")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--judged", type=int, default=200, help="most texts judged by the likelihood of labels")
    parser.add_argument("--only", nargs="*", default=[], help="these arms only, by name")
    options = parser.parse_args()
    try:
        line = run(options, load_language_model(options.model), Remembering(MiniLM()))
        if options.json:
            print(line)
    except FedaugError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_status) from None


def run(options: argparse.Namespace, model: LanguageModel, encoder: Encoder) -> str:
    """All tables, printed as they come; one line of JSON."""
    tables = {}
    for task in tasks(options.tasks, options.data, options.labels):
        for size in options.sizes or task.sizes:
            rows = table(measured(task, size, model, encoder, options))
            tables[f"{task.name}, {size}"] = rows
            print(f"\n{task.name}, {size} {task.unit}, held out {len(task.texts)}:", file=sys.stderr)
            show(list(rows[0]), [["" if value is None else value for value in row.values()] for row in rows])
    first = {str(row["operator"]): float(row["accuracy"] or 0) for row in next(iter(tables.values()))}
    ours, alternative = first.get(HEADLINE, float("nan")), first[NONE]
    return result(
        "operators",
        unit=f"accuracy in per cent of {next(iter(tables))}: {HEADLINE} against no augmentation",
        ours=ours,
        alternative=alternative,
        ratio=ours / alternative,
        tables=tables,
        settings={"model": model.name, "seeds": options.seeds, "judged": options.judged},
    )


if __name__ == "__main__":
    main()
