"""Every cap in one place; the unit is in the name, the reason in the comment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Sizes and counts beyond which input is refused before it is parsed."""

    message_bytes: int = 64 * 2**20  # Flower carries up to 2 GiB; 20,000 candidates of 384 float32 are 31 MB
    header_bytes: int = 2 * 2**20  # a plan of 1,000 labels and 100 events is below 200 kB
    message_values: int = 50_000  # lists and maps in a header; a page of log entries has up to 10,000
    message_tensors: int = 8  # no message has more than two
    labels: int = 2_000  # one class sum per label and 384 floats each stay below 4 MB
    candidates: int = 40_000  # one vote request; fits message_bytes at 384 dimensions
    dimensions: int = 4_096  # the widest embedding in common use
    batch_samples: int = 1_000  # texts that a site offers at once; of usual length they fit header_bytes
    sample_chars: int = 10_000  # one offered text; what the length gate lets pass
    plan_events: int = 1_000  # one campaign
    plan_sampled_runs: int = 20  # that differ in noise or rate; composing one takes up to half a second
    label_chars: int = 200
    name_chars: int = 100
    key_chars: int = 200  # a release's key within its campaign
    adaptation_steps: int = 20_000  # of one model's adaptation; a day of two cores
    adaptation_tokens: int = 2_048  # of one record or text; one row of so many is twice a usual batch
    adapter_rank: int = 256  # beyond it an adapter is no smaller than its layer
    adapter_values: int = 32_000_000  # trained weights; gradients of 16 rows of them take 2 GiB
    steps: int = 1_000_000  # of one training run; accounting for more takes minutes
    answers: int = 100_000  # randomised responses of one unit; their composition is a sum over as many terms
    threshold_queries: int = 40_000  # asked of one above-threshold run, one a candidate
    sites: int = 10_000  # of one secure sum; national health systems have fewer hospitals
    masked_sites: int = 1_000  # of one masked sum; keys and shares of so many fit header_bytes
    modulus: int = 2**62  # of a secure sum: two values still add up in 64 bits
    record_chars: int = 1_000_000  # one record's text; a whole hospital stay's notes are about a tenth
    noise_values: int = 2**27  # one draw, 1 GiB of float64; an adapter update of 11 M weights is a twelfth
    release_magnitude: float = 1e12  # one value of a release; a unit adds at most 1 to it, noise a few deviations
    records_per_unit: int = 10_000  # more of one patient's records than any source holds
    log_entries: int = 1_000_000  # a site's whole log; a campaign adds about ten
    log_page_bytes: int = 2**20  # entries sent at once; fits header_bytes
    log_exchange_bytes: int = 32 * 2**20  # of one site's log at once; no bundle holds more
    log_exchange_entries: int = 250_000  # of one site's log at once; no bundle holds more
    log_exchange_pages: int = 70  # two pages that follow each other are over log_page_bytes together: 65 at most
    token_bytes: int = 1_024  # keys and nonces are 32 or fewer
    envelope_header_bytes: int = 4_096  # eight short fields; names and key in six-byte escapes are 2,400 bytes
    enrolment_bytes: int = 2**20  # the members and revocations below, with names of usual length
    enrolment_members: int = 2_000  # keys on one enrolment list, about 200 bytes each
    enrolment_revocations: int = 4_000  # keys ever revoked, about 120 bytes each
    log_head_bytes: int = 1_024  # a name, two digests and a signature are below 600
    log_entry_bytes: int = 2 * 2**20  # one entry may hold a whole plan's events, as header_bytes does
    bundle_bytes: int = 32 * 2**20  # 50,000 releases, each at the site and the coordinator, are about 30 MB
    bundle_values: int = 300_000  # entries and heads of such a bundle; one takes up to 150 bytes of memory when parsed
    release_bundle_bytes: int = 128 * 2**20  # a log bundle, pages of plots, and the samples below
    release_file_bytes: int = 64 * 2**20  # 40,000 samples of a page each
    release_values: int = 400_000  # in one JSON file of a release bundle; as for a log bundle
    source_line_bytes: int = 14 * 2**20  # one record of a file: a text of record_chars, and other columns
    labelled_line_bytes: int = 14 * 2**20  # a text of record_chars in twelve-byte escapes, and its spans
    labelled_spans: int = 10_000  # of one labelled text; the densest clinical notes have a few hundred
    labelled_layers: int = 8  # times that labels may cover a text over; nested ones cover it twice at most
    row_errors_kept: int = 1_000  # line numbers kept per reason; beyond it only the count grows


LIMITS = Limits()
