"""Site memory: which blocks stand on other pages of a page's site.

A profile is built from a crawl in one pass (``count_pages``), in parts if need be
(``merge_profiles``), and makes the answers for other pages of its sites better. See
docs/site-memory.md.
"""

from segmenter.profiles.counting import count_pages, merge_profiles
from segmenter.profiles.file import (
    profile_bytes,
    profile_of_bytes,
    read_profile,
    write_profile,
)
from segmenter.profiles.profile import Profile, Seen

__all__ = [
    "Profile",
    "Seen",
    "count_pages",
    "merge_profiles",
    "profile_bytes",
    "profile_of_bytes",
    "read_profile",
    "write_profile",
]
