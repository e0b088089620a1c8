"""Accounts: signing in, invitations, one's own account, and who administers the others."""
