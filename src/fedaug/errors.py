"""Everything that fedaug raises on purpose.

    FedaugError
    ├── InputError              what was given cannot be used        exit status 2
    │   ├── ConfigError         FA101  a setting is wrong or unknown
    │   ├── InvalidBudget       FA102  a privacy budget is not a positive, finite promise
    │   ├── UnknownPlugin       FA103  no plug-in has that name
    │   ├── MissingExtra        FA104  an optional part of fedaug is not installed
    │   ├── MissingFile         FA201  the source file is not there
    │   ├── UnknownFormat       FA202  the source's format is not one that is read
    │   ├── MissingColumn       FA203  a mapped column is not in the source
    │   ├── EmptySource         FA204  the source holds no record
    │   ├── NotUtf8             FA205  the source is not UTF-8 text
    │   ├── UnknownLabel        FA206  a label is outside the campaign's label set
    │   ├── BadNumber           FA207  a number is NaN, infinite or not a number
    │   ├── DuplicateId         FA208  two records carry one id
    │   ├── TooFewRecords       FA209  a site holds too few records to take part
    │   ├── MalformedRow        FA210  a row cannot be read as a record
    │   ├── MalformedSource     FA211  the source as a whole cannot be parsed
    │   ├── UnknownDataSet      FA212  no data set has that name
    │   ├── DamagedDownload     FA213  a download's bytes are not the published ones
    │   ├── DataNotFound        FA214  a data set that an example reads is not on this machine
    │   ├── NotPrepared         FA215  the site's store has not been prepared yet
    │   └── DownloadFailed      FA216  a data set's origin cannot be reached
    ├── RefusedError            a rule forbids it                    exit status 3
    │   ├── BudgetExceeded      FA301  the ledger cannot carry the charge
    │   ├── PolicyRefused       FA302  the site's policy does not allow the campaign
    │   ├── NotReserved         FA303  a release was asked for that no plan reserved
    │   ├── AlreadyReleased     FA304  the same release was asked for with another request
    │   ├── PrivateOutput       FA305  something that depends on records without DP was offered
    │   └── BundleRefused       FA306  a release bundle is expired, for somebody else, or not fit to be signed
    ├── ProtocolError           FA401  a message breaks the protocol  exit status 2
    │   ├── BadSignature        FA402  a signature or body hash does not match
    │   ├── QuorumLost          FA403  too few sites answered
    │   ├── NotEnrolled         FA404  a key is not on the enrolment list, or was revoked
    │   ├── OutdatedEnrolment   FA405  an enrolment list is expired, not valid yet, or older than one seen before
    │   ├── ChecksFailed        FA406  a bundle does not hold what it says
    │   └── LogContradicted     FA407  a site's log says something else than what the site sent
    ├── SealError               FA501  sealed data cannot be opened   exit status 2
    ├── LedgerError             FA502  the ledger is damaged or not this site's
    │   └── LedgerRolledBack    FA504  the ledger is an older copy of itself
    ├── PoolError               FA503  the pool's database or a checkpoint cannot be used   exit status 2
    ├── QuarantinedRecord       FA601  a record could not be de-identified and was set aside
    ├── DefectError             FA901  a defect of fedaug itself      exit status 1
    └── ClaimRefuted            FA902  an audit found more than the claimed ε allows

No message ever holds a record's value: types, counts, names of settings and line numbers only. ``docs/errors.md`` has
an entry for every code.
"""

from __future__ import annotations

from typing import ClassVar


class FedaugError(Exception):
    """Root of the tree: what happened, and what to do about it.

    Args:
        what: One clause that says what happened. Never a value that came out of a record.
        todo: One clause that says what the reader should do.
    """

    code: ClassVar[str] = "FA900"
    exit_status: ClassVar[int] = 1

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what, todo)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.code}: {self.what}; {self.todo}"


class InputError(FedaugError):
    """What was given cannot be used."""

    code = "FA100"
    exit_status = 2


class ConfigError(InputError):
    """A setting is wrong or unknown."""

    code = "FA101"


class InvalidBudget(InputError):
    """A privacy budget is not a positive ε with 0 < δ < 1."""

    code = "FA102"


class UnknownPlugin(InputError):
    """No plug-in of that kind has that name."""

    code = "FA103"


class MissingExtra(InputError):
    """An optional part of fedaug is not installed."""

    code = "FA104"


class MissingFile(InputError):
    """The source file is not there."""

    code = "FA201"


class UnknownFormat(InputError):
    """The source's format is not one that is read."""

    code = "FA202"


class MissingColumn(InputError):
    """A mapped column is not in the source."""

    code = "FA203"


class EmptySource(InputError):
    """The source holds no record."""

    code = "FA204"


class NotUtf8(InputError):
    """The source is not UTF-8 text."""

    code = "FA205"


class UnknownLabel(InputError):
    """A label is outside the campaign's label set."""

    code = "FA206"


class BadNumber(InputError):
    """A number is NaN, infinite or not a number."""

    code = "FA207"


class DuplicateId(InputError):
    """Two records carry one id."""

    code = "FA208"


class TooFewRecords(InputError):
    """A site holds too few records to take part."""

    code = "FA209"


class MalformedRow(InputError):
    """A row cannot be read as a record."""

    code = "FA210"


class MalformedSource(InputError):
    """The source as a whole cannot be parsed."""

    code = "FA211"


class UnknownDataSet(InputError):
    """No public data set has that name."""

    code = "FA212"


class DamagedDownload(InputError):
    """A download's bytes are not the published ones."""

    code = "FA213"


class DataNotFound(InputError):
    """A data set that an example reads is not on this machine."""

    code = "FA214"


class NotPrepared(InputError):
    """The site's store has not been prepared yet."""

    code = "FA215"


class DownloadFailed(InputError):
    """A data set's origin cannot be reached, or does not give the file."""

    code = "FA216"


class RefusedError(FedaugError):
    """A rule forbids it."""

    code = "FA300"
    exit_status = 3


class BudgetExceeded(RefusedError):
    """The ledger cannot carry the charge."""

    code = "FA301"


class PolicyRefused(RefusedError):
    """The site's policy does not allow the campaign."""

    code = "FA302"


class NotReserved(RefusedError):
    """A release was asked for that no accepted plan reserved."""

    code = "FA303"


class AlreadyReleased(RefusedError):
    """The same release was asked for again, with another request."""

    code = "FA304"


class PrivateOutput(RefusedError):
    """Something that depends on records without a DP mechanism in between was offered."""

    code = "FA305"


class BundleRefused(RefusedError):
    """A release bundle is expired, for another recipient, or would say what does not hold."""

    code = "FA306"


class ProtocolError(FedaugError):
    """A message breaks the protocol."""

    code = "FA401"
    exit_status = 2


class BadSignature(ProtocolError):
    """A signature or a body hash does not match."""

    code = "FA402"


class QuorumLost(ProtocolError):
    """Too few sites answered for the round to count."""

    code = "FA403"


class NotEnrolled(ProtocolError):
    """A key is not on the enrolment list for what it was used for, or was revoked."""

    code = "FA404"


class OutdatedEnrolment(ProtocolError):
    """An enrolment list is expired, not valid yet, older than one seen before, or contradicts one of its epoch."""

    code = "FA405"


class ChecksFailed(ProtocolError):
    """A log bundle or release bundle is well-formed, and something in it does not hold."""

    code = "FA406"


class LogContradicted(ProtocolError):
    """A site's signed log says something else of a batch of texts than what the site sent and signed."""

    code = "FA407"


class SealError(FedaugError):
    """Sealed data cannot be opened: wrong passphrase, or the bytes were changed."""

    code = "FA501"
    exit_status = 2


class LedgerError(FedaugError):
    """The ledger is damaged, or belongs to another site or data set."""

    code = "FA502"
    exit_status = 2


class LedgerRolledBack(LedgerError):
    """The ledger is an older copy, or another version, of what the coordinator has countersigned."""

    code = "FA504"


class PoolError(FedaugError):
    """The pool's database cannot be reached, is damaged, or is not a pool; or a checkpoint cannot be used."""

    code = "FA503"
    exit_status = 2


class QuarantinedRecord(FedaugError):
    """A record could not be de-identified and was set aside."""

    code = "FA601"
    exit_status = 2


class DefectError(FedaugError):
    """A defect of fedaug itself."""

    code = "FA901"


class ClaimRefuted(FedaugError):
    """An audit of a campaign found more than the claimed ε allows."""

    code = "FA902"
