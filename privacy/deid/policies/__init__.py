"""What is done with the identifiers that are found: built-in policies and a site's own."""

from fedaug.privacy.deid.policies.load import BUILT_IN, DEFAULT_POLICY, load_policy
from fedaug.privacy.deid.policies.policy import OPERATORS, DeidPolicy, Operator, OperatorChoice

__all__ = ["BUILT_IN", "DEFAULT_POLICY", "OPERATORS", "DeidPolicy", "Operator", "OperatorChoice", "load_policy"]
