from fedaug.augmentation.corpora import corpus_names
from fedaug.augmentation.datasets import catalogue


def test_the_catalogue_is_pinned_and_complete() -> None:
    known = catalogue()
    assert {"clinc150", "bitext_customer_service", "aci_bench", "banking77", "mts_dialog"} <= set(known)
    for entry in known.values():
        assert entry.licence
        for file in entry.files:
            assert len(entry.commit) == 40
            assert entry.url(file).startswith(f"https://raw.githubusercontent.com/{entry.repository}/{entry.commit}/")
            assert "/" not in file.name


def test_only_corpora_have_a_reader() -> None:
    assert set(corpus_names()) == {name for name, entry in catalogue().items() if entry.role == "corpus"}
