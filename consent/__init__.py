"""What is true: sites, catalogue, releases, answers, the ledger. No HTTP, no templates, no DRF."""
