"""The speed of the planner's page beside that of stock folium, with the same data."""
