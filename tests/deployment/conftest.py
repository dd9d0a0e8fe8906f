"""A migrated database for what stands above the stores."""

from tests.ivr.conftest import empty_database, migrated

__all__ = ["empty_database", "migrated"]
