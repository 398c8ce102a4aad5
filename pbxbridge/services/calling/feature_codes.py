"""The feature codes, for pages, which do not see the dialplan."""

from dialplan.feature_codes import FEATURE_CODES, FeatureCode

__all__ = ["FEATURE_CODES", "FeatureCode"]
