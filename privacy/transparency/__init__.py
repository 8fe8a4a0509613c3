"""The transparency log (RFC 6962): its tree, signed heads and entries, and the bundle that is checked offline.

:mod:`~fedaug.privacy.transparency.merkle` is the tree, :mod:`~fedaug.privacy.transparency.heads` who signs it,
:mod:`~fedaug.privacy.transparency.entries` what is in it; :mod:`~fedaug.privacy.transparency.bundle` hands it on, and
:mod:`~fedaug.privacy.transparency.verify` checks what was handed on.
"""
