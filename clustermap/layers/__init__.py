"""Layers: clusters, firms, institutes and partners, cleaned and assigned to cells."""
