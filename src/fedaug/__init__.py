"""fedaug: privacy-preserving federated augmentation.

>>> from fedaug import Site
>>> site = Site.init("st-mary", source="notes.csv", text="note", label="section")
>>> site.prepare()
>>> reply = site.handle(request)  # a signed envelope, whatever was asked
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fedaug.client.site import Site
    from fedaug.errors import FedaugError
    from fedaug.privacy.units import Budget, PrivacyUnit

__version__ = "0.4.0"

__all__ = ["Budget", "FedaugError", "PrivacyUnit", "Site", "__version__"]

#: Where a public name lives. It is imported when first asked for: a site's parts load torch, which takes seconds.
_HOMES: Final = {
    "Budget": "fedaug.privacy.units",
    "FedaugError": "fedaug.errors",
    "PrivacyUnit": "fedaug.privacy.units",
    "Site": "fedaug.client.site",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
