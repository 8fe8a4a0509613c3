"""A sum over sites of which the coordinator sees nothing but the sum: terms, messages and what sites sign.

The protocol is that of Bonawitz et al. 2017, "Practical secure aggregation for privacy-preserving machine learning",
figure 4, in the variant against a coordinator that does not keep to it. ``docs/reference/secure-sum.md`` describes it.
The halves are :class:`fedaug.client.secure_sum.SumSite` and :class:`fedaug.server.secure_sum.SumCoordinator`.
"""
