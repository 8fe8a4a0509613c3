"""What a site's policy says to a plan: yes, or why not."""

from __future__ import annotations

from fedaug.client.mechanisms import require_covered
from fedaug.client.settings import SiteSettings
from fedaug.errors import PolicyRefused
from fedaug.privacy.accounting import epsilon
from fedaug.strategies.messages import CampaignPlan


def require_allowed(plan: CampaignPlan, settings: SiteSettings, space: tuple[str, int]) -> None:
    """Check a plan against a site's settings.

    The plan's ε is recomputed from its mechanisms; what the coordinator wrote beside them only has to be no smaller.

    Args:
        plan: What the coordinator asks for.
        settings: What the site allows.
        space: The embedding space that the site was prepared for: its name and a vector's length.

    Raises:
        PolicyRefused: The unit, δ, trust model, embedding space, a release kind or the noise is not what the site
            allows, or the plan costs more than it says.
    """
    policy, privacy = settings.policy, settings.privacy
    if plan.trust_model not in policy.trust_models:
        raise PolicyRefused("the plan's trust model is not in policy.trust_models", "allow it, or take no part")
    if plan.unit is not privacy.unit:
        raise PolicyRefused("the plan protects another unit than privacy.unit", "agree on the unit with the consortium")
    if plan.delta != privacy.delta:
        raise PolicyRefused("the plan's δ is not privacy.delta", "agree on δ with the consortium")
    if (plan.encoder, plan.dimensions) != space:
        raise PolicyRefused("the plan is for another embedding space than the store's", "agree on the encoder")
    for event in plan.mechanisms:
        if event.release not in policy.release_kinds:
            raise PolicyRefused("the plan holds a release outside policy.release_kinds", "allow it, or take no part")
        if event.noise_std == 0 and not policy.allow_noise_off:
            raise PolicyRefused("the plan adds no noise", "ask for a plan with noise, or set policy.allow_noise_off")
        require_covered(event, event.release)
    if not epsilon(plan.mechanisms, plan.delta) <= plan.epsilon:
        raise PolicyRefused("the plan costs more than it states", "ask the coordinator to plan it anew")
