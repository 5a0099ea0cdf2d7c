"""Documents of the operator (privacy policy, cookie policy, terms) in versions, each proved by the ledger."""
