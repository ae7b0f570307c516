"""Threshold proofs: "at least 16 % recycled cobalt" from a signed credential, and nothing more about the recipe.

Level 1, `ladder`: the issuer states each step of an allow-list as true or false. Level 2, `commitment`, `statement`,
`prove`, `verify`: a commitment in the signed credential and a range proof, also over the sum of several suppliers.
Level 3, `adapter`: the seam for AnonCreds. `policy` says which thresholds may be asked, and how often. Construction,
security argument and limits: docs/explanation/threshold-proofs.md.
"""
