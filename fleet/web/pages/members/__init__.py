"""Pages of people: accounts, who administers them, what members saw by hand or read blindly."""
