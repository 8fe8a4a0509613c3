"""The release bundle: one file that says what a campaign lets out, to whom, on whose word, and at what cost in privacy.

:mod:`~fedaug.privacy.bundle.container` is the file, :mod:`~fedaug.privacy.bundle.manifest` what is signed,
:mod:`~fedaug.privacy.bundle.excerpt` the ledgers' part; :mod:`~fedaug.privacy.bundle.make` makes a bundle, and
:mod:`~fedaug.privacy.bundle.verify` checks one with nothing but the file and public keys.
"""
