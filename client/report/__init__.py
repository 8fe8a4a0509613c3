"""A site's own edition of the report: what stays inside the site, for those who answer for its records."""

from fedaug.client.report.facts import SiteReport
from fedaug.client.report.gather import gather, write_site_report

__all__ = ["SiteReport", "gather", "write_site_report"]
