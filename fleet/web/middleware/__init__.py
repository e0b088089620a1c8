"""What happens around every request: headers, sessions, forms, kept responses."""
