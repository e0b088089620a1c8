"""What pages mean, and what may never be sent: pure, no browser."""
