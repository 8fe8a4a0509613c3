"""What loads once for all tests of de-identification: the embedded recogniser, in the precision every machine has."""

from __future__ import annotations

import pytest

from fedaug.privacy.deid.neural import Tagger


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    """The English tagger in fp32."""
    return Tagger("en", precision="fp32")
