"""What a host asks of its visitors: turns, pauses, robots.txt, being left alone."""
