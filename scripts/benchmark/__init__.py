"""Speed and memory: of clustermap beside a plain script, of its page beside stock folium."""
