"""The lab against recordings of genuine Havana."""
