"""From the rates of one machine to machines and hours for a large crawl, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bench.machine import in_words

if TYPE_CHECKING:
    from bench.crawl_rates import CrawlRates

__all__ = ["scale_report"]

# What Common Crawl publishes in a month.
_PAGES: Final = 2_500_000_000
# What such jobs are usually run on.
_CORES: Final = 64
_MACHINES: Final = (1, 10, 100)
_NETWORK_GBIT: Final = 10.0


def scale_report(rates: CrawlRates) -> str:
    """The figures as Markdown."""
    return "\n".join([*_measured(rates), "", *_computed(rates)])


def _measured(rates: CrawlRates) -> Iterator[str]:
    tenths = rates.wet_tenths
    yield (
        f"Measured {in_words(rates.machine)}; {rates.pages:,} pages "
        f"({rates.different:,} different ones: {rates.origin}), "
        f"{rates.warc_bytes / rates.pages / 1e3:.1f} kB each in the WARC."
    )
    yield ""
    yield "| what | |"
    yield "| --- | --- |"
    yield f"| library alone, one process | {rates.library_rate:.0f} pages/s |"
    yield f"| `segmenter batch`, 1 worker | {rates.batch_rate:.0f} pages/s |"
    yield f"| … of the library's rate | {rates.to_library:.0%} |"
    yield f"| 2 workers over 1 | {rates.speedup:.2f} |"
    yield f"| start of the command | {rates.start_seconds:.1f} s |"
    yield f"| largest process, 1 worker | {rates.one.peak_mb:.0f} MB |"
    yield f"| largest process, 2 workers | {rates.two.peak_mb:.0f} MB |"
    yield f"| its size, last quarter of the run over the second | {rates.one.growth:.2f} |"
    yield f"| WET stream, {rates.wet_records:,} records of 4 kB | {rates.wet_rate:.0f} records/s |"
    yield f"| … its slowest tenth over its fastest | {max(tenths) / min(tenths):.2f} |"
    yield f"| … size, last quarter over the second | {rates.wet_growth:.2f} |"
    yield f"| … largest process | {rates.wet_peak_mb:.0f} MB |"


def _computed(rates: CrawlRates) -> Iterator[str]:
    # What a core loses when its neighbour works too.
    per_core = rates.batch_rate * rates.speedup / 2
    per_machine = per_core * _CORES
    gbit = per_machine * rates.warc_bytes / rates.pages * 8 / 1e9
    core_hours = _PAGES / per_core / 3600
    yield (
        f"Computed from that: a core does {per_core:.0f} pages/s where its neighbours work too "
        f"(2 workers, halved), so {_PAGES / 1e9:.1f} billion pages take {core_hours:,.0f} core "
        f"hours, on machines of {_CORES} cores:"
    )
    yield ""
    yield "| machines | pages/s | hours |"
    yield "| --- | --- | --- |"
    for machines in _MACHINES:
        rate = per_machine * machines
        yield f"| {machines} | {rate:,.0f} | {_PAGES / rate / 3600:,.1f} |"
    yield ""
    bottleneck = "the processors" if gbit < _NETWORK_GBIT else "the network"
    yield (
        f"A machine reads {gbit:.2f} Gbit/s of WARC for that, where {_NETWORK_GBIT:.0f} Gbit/s are "
        f"usual: the bottleneck is {bottleneck}. More than 2 workers were not measured."
    )
