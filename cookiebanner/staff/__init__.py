"""What people with a login share: links, mails, invitations, passwords."""
