"""Sites, their hosts, who may do what, API tokens and the audit trail."""
