"""What one visit of every flow has shown: gathered, grouped, told, packed to be sent."""
